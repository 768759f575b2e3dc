//! A remote that lets in who proves it, and computes each proof for itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What it wants to see.
#[derive(Clone, Copy)]
pub enum Proof {
    /// The secret access key.
    Aws(&'static str),
    /// The secrets of consumer and token.
    Oauth1(&'static str, &'static str),
    /// A field of the JSON body, and its value.
    Field(&'static str, &'static str),
}

pub struct Vendor {
    pub url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Seen {
    pub method: String,
    pub path: String,
    pub query: String,
    pub headers: BTreeMap<String, String>,
    pub body: String,
    pub from: std::net::IpAddr,
}

impl Vendor {
    pub async fn start(proof: Proof) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (log, nonces) = (seen.clone(), Arc::new(Mutex::new(BTreeSet::new())));
        tokio::spawn(async move {
            while let Ok((mut stream, from)) = listener.accept().await {
                let Some(request) = read(&mut stream, from.ip()).await else { continue };
                let proved = match proof {
                    Proof::Aws(secret) => aws(&request, secret),
                    Proof::Oauth1(consumer, token) => oauth1(&request, consumer, token, &nonces),
                    Proof::Field(name, value) => field(&request, name, value),
                };
                log.lock().expect("not poisoned").push(request.clone());
                let status = if proved { "200 OK" } else { "403 Forbidden" };
                // The worst that a remote does on purpose: it says back what it was told.
                let text = format!("{:?} {}", request.headers, request.body);
                let head =
                    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close", text.len());
                let _ = stream.write_all(format!("{head}\r\n\r\n{text}").as_bytes()).await;
            }
        });
        Self { url, seen }
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("not poisoned").clone()
    }
}

async fn read(stream: &mut TcpStream, from: std::net::IpAddr) -> Option<Seen> {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let mut lines = head.lines();
            let mut first = lines.next()?.split(' ');
            let (method, target) = (first.next()?.to_owned(), first.next()?);
            let (path, query) = target.split_once('?').unwrap_or((target, ""));
            let headers: BTreeMap<String, String> = lines
                .filter_map(|line| line.split_once(": "))
                .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
                .collect();
            let length: usize =
                headers.get("content-length").map_or(0, |text| text.parse().expect("a length"));
            if body.len() >= length {
                let (path, query, body) = (path.to_owned(), query.to_owned(), body.to_owned());
                return Some(Seen { method, path, query, headers, body, from });
            }
        }
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
        }
    }
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    Hmac::<Sha256>::new_from_slice(key).expect("any key").chain_update(text).finalize().into_bytes().to_vec()
}

/// Spaces in a row count as one.
fn one_spaced(value: &str) -> String {
    value.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn digest(text: &str) -> String {
    hex(&Sha256::digest(text))
}

/// As the service does it. The queries of these tests need no encoding.
fn aws(request: &Seen, secret: &str) -> bool {
    let Some(authorization) = request.headers.get("authorization") else { return false };
    let part = |name: &str| {
        let from = authorization.split_once(&format!("{name}="))?.1;
        Some(from.split(", ").next()?.to_owned())
    };
    let (Some(credential), Some(names), Some(signature)) =
        (part("Credential"), part("SignedHeaders"), part("Signature"))
    else {
        return false;
    };
    let Some((_, scope)) = credential.split_once('/') else { return false };
    let payload = digest(&request.body);
    if request.headers.get("x-amz-content-sha256") != Some(&payload) {
        return false;
    }
    let signed = |wanted: &str| names.split(';').any(|name| name == wanted);
    if !signed("host") || !signed("x-amz-date") || !signed("x-amz-content-sha256") {
        return false;
    }
    let headers: String =
        names.split(';').map(|name| format!("{name}:{}\n", one_spaced(&request.headers[name]))).collect();
    let mut pairs: Vec<&str> = request.query.split('&').filter(|pair| !pair.is_empty()).collect();
    pairs.sort_unstable();
    let canonical =
        format!("{}\n{}\n{}\n{headers}\n{names}\n{payload}", request.method, request.path, pairs.join("&"));
    let date = &request.headers["x-amz-date"];
    let to_sign = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", digest(&canonical));
    let mut key = format!("AWS4{secret}").into_bytes();
    for step in scope.split('/') {
        key = hmac(&key, step);
    }
    scope.starts_with(&date[..8]) && hex(&hmac(&key, &to_sign)) == signature
}

fn oauth1(request: &Seen, consumer: &str, token: &str, nonces: &Mutex<BTreeSet<String>>) -> bool {
    let Some(authorization) =
        request.headers.get("authorization").and_then(|text| text.strip_prefix("OAuth "))
    else {
        return false;
    };
    let decoded = |text: &str| {
        let text = format!("x={}", text.replace('+', "%2B"));
        form_urlencoded::parse(text.as_bytes()).next().expect("one pair").1.into_owned()
    };
    let mut pairs: Vec<(String, String)> = authorization
        .split(", ")
        .filter_map(|field| field.split_once('='))
        .map(|(name, value)| (name.to_owned(), decoded(value.trim_matches('"'))))
        .collect();
    let mut take = |wanted: &str| {
        let at = pairs.iter().position(|(name, _)| name == wanted)?;
        Some(pairs.remove(at).1)
    };
    let (realm, signature) = (take("realm"), take("oauth_signature"));
    let nonce = pairs.iter().find(|(name, _)| name == "oauth_nonce").expect("a nonce").1.clone();
    let fresh = nonces.lock().expect("not poisoned").insert(nonce);
    pairs.extend(form_urlencoded::parse(request.query.as_bytes()).into_owned());
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let encode = |text: &str| -> String {
        text.bytes()
            .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
            .collect()
    };
    let mut pairs: Vec<_> = pairs.iter().map(|(name, value)| (encode(name), encode(value))).collect();
    pairs.sort();
    let parameters: Vec<_> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let url = format!("http://{}{}", request.headers["host"], request.path);
    let base = format!("{}&{}&{}", request.method, encode(&url), encode(&parameters.join("&")));
    let key = format!("{}&{}", encode(consumer), encode(token));
    let wanted = BASE64_STANDARD.encode(hmac(key.as_bytes(), &base));
    fresh && realm.as_deref() == Some("123456_SB1") && signature == Some(wanted)
}

fn field(request: &Seen, name: &str, value: &str) -> bool {
    let body: serde_json::Value = serde_json::from_str(&request.body).unwrap_or_default();
    body[name] == value
}
