//! AWS Signature Version 4: the request is signed with a key that is derived for one day, region and service.
//!
//! What is signed is the body, the path, the query, the host, the content type and every `x-amz-` header. What the host
//! adds to every request is not.

mod canonical;

use domain::egress::{Credential, CredentialPlace, Outgoing, Placed};
use domain::injected::HmacAlgorithm;
use domain::parts::Parts;
use domain::{Secret, Timestamp};

use self::canonical::Paths;
use crate::encoded::{Pair, pairs};
use crate::filled::filled;
use crate::mac;
use crate::scheme::{Given, SECRET_BYTES_MIN, Scheme, SchemeError, header_text};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const UNSIGNED: &str = "UNSIGNED-PAYLOAD";
/// How long a signature in a query counts: it is sent at once.
const EXPIRES_S: u32 = 300;
const WORD_BYTES_MAX: usize = 64;

pub(crate) struct AwsSigv4 {
    pub(crate) region: String,
    pub(crate) service: String,
    pub(crate) unsigned_payload: bool,
    pub(crate) in_query: bool,
}

/// Who signs, when and for what.
struct Signer<'a> {
    key_id: &'a str,
    key: &'a Secret,
    token: Option<&'a str>,
    /// As in `20150830T123600Z`.
    stamp: String,
    region: String,
    service: String,
}

/// A request with everything that is signed in it.
struct Signable<'a> {
    method: &'a str,
    path: &'a str,
    paths: Paths,
    query: Vec<Pair>,
    headers: Vec<(String, String)>,
    payload: String,
}

struct Signed {
    signed_headers: String,
    signature: String,
}

impl Scheme for AwsSigv4 {
    fn apply(&self, given: &Given<'_>, request: Outgoing<'_>) -> Result<Credential, SchemeError> {
        let parts = Parts::open(given.secret)?;
        let key = parts.need("secret_access_key")?;
        if key.len() < SECRET_BYTES_MIN {
            return Err(SchemeError::TooShort);
        }
        let token = parts.get("session_token").filter(|token| !token.is_empty());
        let signer = Signer {
            key_id: key_id(parts.need("access_key_id")?)?,
            key,
            token: token.map(header_text).transpose()?,
            stamp: stamp(given.now),
            region: word(filled(&self.region, given.config)?, &self.region)?,
            service: word(filled(&self.service, given.config)?, &self.service)?,
        };
        let placed = self.placed(&signer, request)?;
        let echoes = [Some(key), token].into_iter().flatten().cloned();
        let signature = placed.1;
        Ok(Credential::of(placed.0, echoes.chain([Secret::new(signature)]).collect()))
    }
}

impl AwsSigv4 {
    /// What is added to the request, and the signature by itself.
    fn placed(
        &self,
        signer: &Signer<'_>,
        request: Outgoing<'_>,
    ) -> Result<(Vec<Placed>, String), SchemeError> {
        let is_s3 = signer.service.starts_with("s3");
        // A signature in the query comes without the header that would say what the body is.
        let payload = if self.unsigned_payload || (self.in_query && is_s3) {
            UNSIGNED.to_owned()
        } else {
            mac::sha256_hex(request.body)
        };
        let theirs =
            request.headers.iter().filter(|(name, _)| name == "content-type" || name.starts_with("x-amz-"));
        let theirs = theirs.map(|(name, value)| (name.clone(), String::from_utf8_lossy(value).into_owned()));
        let mut signable = Signable {
            method: request.method.as_str(),
            path: request.url.path(),
            paths: if is_s3 { Paths::AsWritten } else { Paths::Normalised },
            query: pairs(request.url.query().unwrap_or_default().as_bytes()),
            headers: theirs.chain([("host".to_owned(), request.origin.authority())]).collect(),
            payload,
        };
        if self.in_query {
            let added = signer.query(&signable.canonical().signed_headers, EXPIRES_S);
            let own = added.iter().map(|(name, value)| ((*name).into(), value.as_bytes().to_vec()));
            signable.query.extend(own);
            let signed = signer.sign(&signable)?;
            let query = |name: &str| CredentialPlace::Query(name.to_owned());
            let mut placed: Vec<Placed> = added
                .iter()
                .map(|(name, value)| match *name {
                    "X-Amz-Security-Token" => Placed::secret(query(name), Secret::new(value.as_str())),
                    name => Placed::open(query(name), value),
                })
                .collect();
            placed.push(Placed::secret(query("X-Amz-Signature"), Secret::new(signed.signature.as_str())));
            return Ok((placed, signed.signature));
        }
        let header = |name: &str| CredentialPlace::Header(name.to_owned());
        let mut placed = vec![
            Placed::open(header("x-amz-date"), &signer.stamp),
            Placed::open(header("x-amz-content-sha256"), &signable.payload),
        ];
        if let Some(token) = signer.token {
            placed.push(Placed::secret(header("x-amz-security-token"), Secret::new(token)));
        }
        for Placed { place, value, .. } in &placed {
            if let CredentialPlace::Header(name) = place {
                let value = String::from_utf8_lossy(value.expose()).into_owned();
                signable.headers.push((name.clone(), value));
            }
        }
        let signed = signer.sign(&signable)?;
        placed.push(Placed::secret(header("authorization"), Secret::new(signer.authorization(&signed))));
        Ok((placed, signed.signature))
    }
}

impl Signer<'_> {
    fn scope(&self) -> String {
        let date = self.stamp.get(..8).unwrap_or_default();
        format!("{date}/{}/{}/aws4_request", self.region, self.service)
    }

    fn sign(&self, request: &Signable<'_>) -> Result<Signed, SchemeError> {
        let canonical = request.canonical();
        let signature = self.signature(&self.to_sign(&canonical.text))?;
        Ok(Signed { signed_headers: canonical.signed_headers, signature })
    }

    fn to_sign(&self, canonical: &str) -> String {
        let digest = mac::sha256_hex(canonical.as_bytes());
        format!("{ALGORITHM}\n{}\n{}\n{digest}", self.stamp, self.scope())
    }

    fn signature(&self, to_sign: &str) -> Result<String, SchemeError> {
        let mut key = Secret::new([b"AWS4", self.key.expose()].concat());
        for step in self.scope().split('/') {
            key = hmac(&key, step)?;
        }
        Ok(mac::hex(hmac(&key, to_sign)?.expose()))
    }

    fn authorization(&self, signed: &Signed) -> String {
        let Signed { signed_headers, signature, .. } = signed;
        let (id, scope) = (self.key_id, self.scope());
        format!("{ALGORITHM} Credential={id}/{scope}, SignedHeaders={signed_headers}, Signature={signature}")
    }

    /// What a signature in the query signs beside the request's own parameters.
    fn query(&self, signed_headers: &str, expires_s: u32) -> Vec<(&'static str, String)> {
        let mut query = vec![
            ("X-Amz-Algorithm", ALGORITHM.to_owned()),
            ("X-Amz-Credential", format!("{}/{}", self.key_id, self.scope())),
            ("X-Amz-Date", self.stamp.clone()),
            ("X-Amz-Expires", expires_s.to_string()),
            ("X-Amz-SignedHeaders", signed_headers.to_owned()),
        ];
        if let Some(token) = self.token {
            query.push(("X-Amz-Security-Token", token.to_owned()));
        }
        query
    }
}

impl Signable<'_> {
    fn canonical(&self) -> canonical::Canonical {
        let parts = canonical::Parts {
            method: self.method,
            path: self.path,
            paths: self.paths,
            query: &self.query,
            headers: &self.headers,
            payload: &self.payload,
        };
        parts.canonical()
    }
}

fn hmac(key: &Secret, text: &str) -> Result<Secret, SchemeError> {
    let digest = mac::hmac(key, HmacAlgorithm::Sha256, text.as_bytes());
    digest.map(Secret::new).map_err(|_| SchemeError::Key)
}

/// It becomes a part of a list with `/`, `,` and `=` around it.
fn key_id(part: &Secret) -> Result<&str, SchemeError> {
    let id = header_text(part)?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if id.bytes().all(plain) { Ok(id) } else { Err(SchemeError::KeyId) }
}

fn word(text: String, named: &str) -> Result<String, SchemeError> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if (1..=WORD_BYTES_MAX).contains(&text.len()) && text.bytes().all(plain) {
        return Ok(text);
    }
    Err(SchemeError::Config(named.trim_matches(['{', '}']).to_owned()))
}

/// RFC 3339 without its punctuation, to the second.
fn stamp(now: Timestamp) -> String {
    let text = now.to_string();
    let seconds = text.split('.').next().unwrap_or_default();
    format!("{}Z", seconds.replace(['-', ':'], ""))
}

#[cfg(test)]
mod tests;
