//! A remote that gives back the credential it was sent, in every place and spelling of an answer; and one that cannot
//! speak TLS.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// Answers as the path says: `/things` with echoes, `/things/error` with a status of 500 and echoes, `/things/away`
/// with a redirect that carries them.
pub(super) async fn mirror() -> String {
    serve(|stream| async move { answer(stream).await.unwrap_or_default() }).await
}

/// Says something that is no TLS to whoever greets it.
pub(super) async fn no_tls() -> String {
    let plain = serve(|mut stream| async move {
        let _ = stream.read(&mut [0; 1]).await;
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    })
    .await;
    plain.replace("http://", "https://")
}

async fn serve<F: Future<Output = ()> + Send + 'static>(
    answer: impl Fn(TcpStream) -> F + Send + 'static,
) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream));
        }
    });
    url
}

async fn answer(mut stream: TcpStream) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    while !bytes.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut buffer).await? {
            0 => return Ok(()),
            count => bytes.extend_from_slice(&buffer[..count]),
        }
    }
    let head = String::from_utf8_lossy(&bytes).into_owned();
    let sent =
        head.lines().find_map(|line| line.strip_prefix("authorization: ")).unwrap_or("nothing").to_owned();
    let secret = secret(&sent);
    let percent: String = secret.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let status = if head.starts_with("GET /things/error") {
        "500 Internal Server Error"
    } else if head.starts_with("GET /things/away") {
        "302 Found"
    } else {
        "200 OK"
    };
    let body = body(&head, &sent, &secret);
    // In pieces that cut through every echo, with an echo behind the last one.
    let chunks: Vec<u8> = body
        .as_bytes()
        .chunks(7)
        .flat_map(|piece| [format!("{:x}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat())
        .collect();
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/plain\r\nx-echo: {sent}\r\n\
         x-base64: {}\r\nset-cookie: session={secret}\r\nwww-authenticate: Bearer realm=\"{secret}\"\r\n\
         location: /things/back?key={percent}\r\ntransfer-encoding: chunked\r\ntrailer: x-trailer\r\n\
         connection: close\r\n\r\n",
        BASE64_STANDARD.encode(&sent),
    );
    let end = format!("0\r\nx-trailer: {secret}\r\n\r\n");
    stream.write_all(&[answer.as_bytes(), &chunks, end.as_bytes()].concat()).await
}

/// What was sent, without the scheme and, for a user with a password, decoded.
fn secret(sent: &str) -> String {
    let encoded = sent.strip_prefix("Basic ").and_then(|encoded| BASE64_STANDARD.decode(encoded).ok());
    match encoded.and_then(|pair| String::from_utf8(pair).ok()) {
        Some(pair) => pair.split_once(':').map_or(pair.clone(), |(_, password)| password.to_owned()),
        None => sent.trim_start_matches("Bearer ").to_owned(),
    }
}

/// The secret in every spelling.
fn body(head: &str, sent: &str, secret: &str) -> String {
    let json = serde_json::Value::from(secret).to_string();
    let spell = |spell: fn(u16) -> String| secret.encode_utf16().map(spell).collect::<String>();
    let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    let mut body = format!(
        "{head}\n{sent}\n{secret}\n{json}\n{}\n{hex}\n{}\n{}\n",
        serde_json::Value::from(json.as_str()),
        spell(|unit| format!("\\u{unit:04X}")),
        spell(|unit| format!("&#x{unit:x};")),
    );
    for before in ["", "a", "ab", "user:"] {
        body.push_str(&BASE64_STANDARD.encode(format!("{before}{secret}")));
        body.push('\n');
    }
    body.extend(form_urlencoded::byte_serialize(secret.as_bytes()));
    body
}
