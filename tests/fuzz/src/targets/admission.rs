//! An upload before it is compiled: counted, validated and judged by its imports, without a panic and in bounded time.

use std::time::{Duration, Instant};

use runtime::Upload;

/// The magic of a component, so that mutants of it get past the first gate.
const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";
const BYTES_MAX: usize = 1 << 20;
const MEMORY_BYTES_MAX: usize = 64 << 20;

#[allow(clippy::disallowed_methods, reason = "how long it takes is what is asked")]
pub(super) fn run(bytes: &[u8]) {
    let began = Instant::now();
    judge(bytes);
    if !bytes.starts_with(COMPONENT) {
        judge(&[COMPONENT, bytes].concat());
    }
    let took = began.elapsed();
    assert!(took < Duration::from_secs(5), "judging {} bytes took {took:?}", bytes.len());
}

fn judge(bytes: &[u8]) {
    let upload = |bytes: &[u8]| Upload::new(bytes.to_vec(), BYTES_MAX);
    let examined = upload(bytes).and_then(|upload| upload.examined(MEMORY_BYTES_MAX));
    let again = upload(bytes).and_then(|upload| upload.examined(MEMORY_BYTES_MAX));
    let said = |outcome: &Result<runtime::Kind, runtime::Refused>| match outcome {
        Ok(kind) => kind.as_str().to_owned(),
        Err(refused) => format!("{}: {refused}", refused.code()),
    };
    assert_eq!(said(&examined), said(&again), "the same bytes are judged the same");
    let said = said(&examined);
    assert!(said.len() < 4_000 && !said.chars().any(char::is_control), "{said:?}");
}

/// Components as text, so that no compiled file is kept.
const TEXTS: &[&str] = &[
    "(component)",
    r#"(component (core module (func (export "f") (result i32) i32.const 7) (memory (export "m") 1)))"#,
    r#"(component (import "lockgate:connector/logging@0.1.0" (instance)))"#,
    r#"(component (import "wasi:sockets/tcp@0.2.0" (instance (export "t" (type (sub resource))))))"#,
    r#"(component (component (component (component (core module)))) (core module (table 10 funcref)))"#,
    r#"(component (type $a (list u8)) (type $b (record (field "x" $a) (field "y" $a))) (type (tuple $b $b)))"#,
    r#"(component (core module $m (memory 1) (data (i32.const 0) "x") (func)) (core instance (instantiate $m)))"#,
    r#"(component (core module $m (func (export "f") (param i32) (result i32) local.get 0)) (core instance $i (instantiate $m))
        (func (export "f") (param "a" u32) (result u32) (canon lift (core func $i "f"))))"#,
];

pub(super) fn made() -> Vec<Vec<u8>> {
    TEXTS.iter().map(|text| wat::parse_str(text).expect("a component")).collect()
}
