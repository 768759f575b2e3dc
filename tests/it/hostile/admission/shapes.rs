//! Uploads that are no component at all, or more bytes than anybody may send.

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::yard::{AT_ONCE, Yard};

const HEADER: &[u8] = b"\0asm\x0d\0\x01\0";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_component_is_refused_for_its_own_reason() {
    let yard = Yard::new().await;
    // Made by the very version that this host compiles with.
    let artefact = wasmtime::Engine::default().precompile_component(lockgate_tests::guests::PROBER).unwrap();
    let random: Vec<u8> = (0..1_u32 << 20).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let mut elf = b"\x7fELF\x02\x01\x01\0".to_vec();
    elf.resize(4_096, 0);
    let cases: [(&str, Vec<u8>, u16, &str); 14] = [
        ("nothing", Vec::new(), 400, "empty"),
        ("seven bytes", HEADER[..7].to_vec(), 400, "not_a_component"),
        ("the magic only", b"\0asm".to_vec(), 400, "not_a_component"),
        ("random", random, 400, "not_a_component"),
        ("text", b"(component)".to_vec(), 400, "text"),
        ("text after blanks", b"\n \t(component (core module))".to_vec(), 400, "text"),
        ("gzip", b"\x1f\x8b\x08\0\0\0\0\0\0\xff".to_vec(), 400, "not_a_component"),
        ("PE", b"MZ\x90\0\x03\0\0\0\x04\0\0\0".to_vec(), 400, "not_a_component"),
        ("ELF", elf, 400, "precompiled"),
        ("PNG", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec(), 400, "not_a_component"),
        ("compiled code", artefact, 400, "precompiled"),
        ("a core module", b"\0asm\x01\0\0\0".to_vec(), 400, "core_module"),
        ("a component of an older draft", b"\0asm\x0c\0\x01\0".to_vec(), 400, "not_a_component"),
        ("an empty component", HEADER.to_vec(), 422, "missing_export"),
    ];
    for (what, bytes, status, code) in cases {
        let answer = yard.upload(bytes).await;
        assert_eq!((answer.status, answer.code()), (status, code), "{what}: {answer:?}");
        assert!(answer.took < AT_ONCE, "{what} took {:?}", answer.took);
    }
    assert_eq!(yard.get("/v1/connectors").await.body["items"], json!([]));
    yard.goes_on().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_without_end_is_refused_while_it_arrives() {
    let yard = Yard::new().await;
    let watch = yard.watch();
    // More than is read: the refusal comes while the rest is still on its way.
    let answer = yard.upload(vec![0; (32 << 20) + 1]).await;
    assert_eq!((answer.status, answer.code()), (413, "too_large"));
    let claims = [
        ("content-length: 1073741824\r\n", 0),
        ("transfer-encoding: chunked\r\n", 40 << 20),
        // Less than was said, and then silence: the answer is not waited for here, the host's health is.
        ("content-length: 1000\r\n", 0),
    ];
    for (at, (header, bytes)) in claims.into_iter().enumerate() {
        let head = format!(
            "POST /v1/connectors HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {}\r\ncontent-type: application/wasm\r\n{header}\r\n",
            yard.token
        );
        let mut stream = TcpStream::connect(yard.url.trim_start_matches("http://")).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        let chunk = [b"100000\r\n".as_slice(), &[0; 1 << 20], b"\r\n"].concat();
        for _ in 0..bytes >> 20 {
            // The host may close as soon as it has had enough.
            if stream.write_all(&chunk).await.is_err() {
                break;
            }
        }
        if at < 2 {
            let mut answer = vec![0; 12];
            stream.read_exact(&mut answer).await.unwrap();
            assert_eq!(answer, b"HTTP/1.1 413", "{header}");
        }
    }
    watch.was_healthy().await;
    yard.goes_on().await;
}
