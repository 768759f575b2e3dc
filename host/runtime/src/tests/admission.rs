//! Every reason for which an upload is refused, and the ones that are admitted.

use std::time::Duration;

use domain::call::Fault;
use tokio::time::Instant;

use super::guest::{Guest, component, transform};
use super::rooms::runtime;
use crate::{Admitted, Kind, Refused, Upload};

async fn admit(bytes: Vec<u8>) -> Result<Admitted, Refused> {
    runtime().admit(Upload::new(bytes, 16 << 20)?).await
}

async fn refused(bytes: Vec<u8>) -> Refused {
    admit(bytes).await.unwrap_err()
}

const HEADER: [u8; 8] = *b"\0asm\x0d\0\x01\0";

fn leb(mut n: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = (n & 0x7f) as u8;
        n >>= 7;
        if n == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

fn section(id: u8, content: &[u8]) -> Vec<u8> {
    [&HEADER[..], &[id], &leb(content.len()), content].concat()
}

#[tokio::test]
async fn a_connector_is_admitted_with_its_manifest() {
    let admitted = admit(Guest::default().component()).await.unwrap();
    assert_eq!(admitted.kind, Kind::Connector);
    assert_eq!(admitted.manifest.unwrap().name, "probe");
    assert_eq!(admitted.imports, ["lockgate:connector/types@0.1.0"]);
    assert_eq!(admitted.report.functions, 6);
}

#[tokio::test]
async fn a_transform_is_admitted_without_one() {
    let admitted = admit(transform("unreachable")).await.unwrap();
    assert_eq!((admitted.kind, admitted.manifest), (Kind::Transform, None));
}

#[tokio::test]
async fn twenty_thousand_nested_components_are_refused_at_once() {
    let mut len = HEADER.len();
    let mut prefixes = vec![HEADER.to_vec()];
    for _ in 0..20_000 {
        let prefix = [&HEADER[..], &[4], &leb(len)].concat();
        len += prefix.len();
        prefixes.push(prefix);
    }
    prefixes.reverse();
    let began = Instant::now();
    assert_eq!(refused(prefixes.concat()).await.code(), "too_nested");
    assert!(began.elapsed() < Duration::from_secs(20));
}

#[tokio::test]
async fn a_million_nested_types_do_not_overflow_the_hosts_stack() {
    let mut types = leb(1);
    for _ in 0..1_000_000 {
        types.extend([0x41, 1, 1]);
    }
    types.extend([0x41, 0]);
    assert_eq!(refused(section(7, &types)).await.code(), "types_too_nested");
}

#[tokio::test]
async fn counts_are_checked_before_anything_is_read() {
    assert_eq!(refused(section(10, &leb(100_000))).await.code(), "too_many_imports");
    assert_eq!(refused(section(7, &leb(1_000_000))).await.code(), "too_many_types");
    assert_eq!(refused(section(5, &leb(5_000))).await.code(), "too_many_instances");
    let functions = format!("(component (core module {}))", "(func)".repeat(200_001));
    assert_eq!(refused(component(&functions)).await.code(), "too_many_functions");
    let segments = format!("(component (core module (memory 1) {}))", "(data \"\")".repeat(30_001));
    assert_eq!(refused(component(&segments)).await.code(), "too_many_data_segments");
    let locals = format!("(component (core module (func (local {}))))", "i32 i64 ".repeat(10_001));
    assert_eq!(refused(component(&locals)).await.code(), "too_many_locals");
}

#[tokio::test]
async fn sizes_are_checked_before_anything_is_compiled() {
    let body = format!("(component (core module (func {})))", "nop ".repeat((1 << 20) + 1));
    assert_eq!(refused(component(&body)).await.code(), "function_too_large");
    assert_eq!(
        refused(component("(component (core module (memory 65536)))")).await.code(),
        "memory_too_large"
    );
    let table = "(component (core module (table 10000000 funcref)))";
    assert_eq!(refused(component(table)).await.code(), "table_too_large");
    let custom = [&[1, b'x'][..], &vec![0; 4 << 20]].concat();
    assert_eq!(refused(section(0, &custom)).await.code(), "custom_sections_too_large");
}

#[tokio::test]
async fn a_feature_that_is_off_is_named() {
    for (text, feature) in [
        ("(component (core module (memory i64 1)))", "memory64"),
        ("(component (core module (memory 1 1 shared)))", "threads"),
        ("(component (core module (tag)))", "exceptions"),
        ("(component (core module (type (struct))))", "gc"),
        ("(component (core module (func (param (ref func)))))", "function references"),
        ("(component (type (future)))", "component-model async"),
        ("(component (type error-context))", "component-model error-context"),
    ] {
        match refused(component(text)).await {
            Refused::FeatureDisabled { feature: named } => assert_eq!(named, feature, "{text}"),
            other => panic!("{text}: {other}"),
        }
    }
}

#[tokio::test]
async fn what_is_not_valid_is_refused_whatever_it_is() {
    assert_eq!(refused([&HEADER[..], &[99, 1, 0]].concat()).await.code(), "invalid_component");
    assert_eq!(refused([&HEADER[..], &[1, 0x7f]].concat()).await.code(), "invalid_component");
    let bytes = Guest::default().component();
    for end in (8..bytes.len()).step_by(37) {
        assert!(Upload::new(bytes[..end].to_vec(), 1 << 20).is_ok());
        let code = refused(bytes[..end].to_vec()).await.code();
        assert!(["invalid_component", "missing_export"].contains(&code), "cut at {end}: {code}");
    }
}

#[tokio::test]
async fn every_import_that_is_not_offered_is_named() {
    let imports = r#"(import "wasi:sockets/tls@0.2.0" (instance)) (import "wasi:http/incoming-handler@0.2.0" (instance))
        (import "evil" (func))"#;
    let guest = Guest { imports: imports.to_owned(), ..Guest::default() };
    let Refused::UnknownImport { imports } = refused(guest.component()).await else {
        panic!("another reason")
    };
    assert_eq!(imports, ["wasi:sockets/tls@0.2.0", "wasi:http/incoming-handler@0.2.0", "evil"]);
}

#[tokio::test]
async fn an_import_or_export_of_another_type_is_refused() {
    let imports =
        r#"(import "lockgate:connector/profile@0.1.0" (instance (export "config" (func (result u32)))))"#;
    let guest = Guest { imports: imports.to_owned(), ..Guest::default() };
    assert_eq!(refused(guest.component()).await.code(), "wrong_type");
    let text = r#"(component (instance $c) (export "lockgate:connector/connector@0.1.0" (instance $c)))"#;
    assert_eq!(refused(component(text)).await.code(), "wrong_type");
    let text = Guest::default()
        .text()
        .replace("(func $describe (result string)", "(func $describe (result (list u8))");
    assert_eq!(refused(component(&text)).await.code(), "wrong_type");
}

#[tokio::test]
async fn what_exports_neither_world_is_refused() {
    assert_eq!(refused(component("(component)")).await.code(), "missing_export");
}

#[tokio::test]
async fn a_connector_that_does_not_describe_itself_is_refused() {
    let guest = Guest { describe: "unreachable".to_owned(), ..Guest::default() };
    let Refused::DescribeFailed { failure } = refused(guest.component()).await else {
        panic!("another reason")
    };
    assert_eq!(failure.fault, Fault::Trap);

    let guest = Guest { items: "(func $f (loop br 0)) (start $f)".to_owned(), ..Guest::default() };
    let Refused::DescribeFailed { failure } = refused(guest.component()).await else {
        panic!("another reason")
    };
    assert_eq!(failure.fault, Fault::CpuLimit);

    let guest = Guest { manifest: "{\"name\":".to_owned(), ..Guest::default() };
    assert_eq!(refused(guest.component()).await.code(), "describe_failed");
    let guest = Guest { manifest: "{\"name\":\"Probe\"}".to_owned(), ..Guest::default() };
    assert_eq!(refused(guest.component()).await.code(), "bad_manifest");
}

#[tokio::test]
async fn a_component_of_more_memories_than_the_pool_gives_is_refused() {
    let extra = "(core instance (instantiate $extra))".repeat(8);
    let guest = Guest { imports: format!("(core module $extra (memory 1)) {extra}"), ..Guest::default() };
    assert_eq!(refused(guest.component()).await.code(), "compile_failed");
}

#[tokio::test]
async fn types_that_are_large_or_deep_only_when_written_out_are_refused() {
    let doubled: String = (1..40).map(|i| format!("(type $t{i} (tuple $t{0} $t{0}))", i - 1)).collect();
    let chained: String = (1..40_000).map(|i| format!("(type $t{i} (list $t{}))", i - 1)).collect();
    for types in [doubled, chained] {
        let began = Instant::now();
        let code = refused(component(&format!("(component (type $t0 (tuple u8 u8)) {types})"))).await.code();
        assert_eq!(code, "invalid_component");
        assert!(began.elapsed() < Duration::from_secs(20));
    }
}
