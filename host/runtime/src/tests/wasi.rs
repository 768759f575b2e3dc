//! WASI is there and grants nothing.

use domain::call::{Fault, Level};

use super::guest::Guest;
use super::rooms::{NOW_MS, call, input, link};

/// Memory and an allocator that the lowered imports use and that the connector shares.
const SHARED: &str = r#"
    (core module $memory_module (memory (export "memory") 4) (global $at (mut i32) (i32.const 0x8000))
      (func (export "realloc") (param i32 i32 i32) (param $new i32) (result i32)
        (global.set $at (i32.and (i32.add (i32.add (global.get $at) (local.get $new)) (i32.const 15)) (i32.const -16)))
        (i32.and (i32.sub (global.get $at) (local.get $new)) (i32.const -8))))
    (core instance $shared (instantiate $memory_module))"#;

fn guest(imports: &str, core_imports: &str, host: &str) -> Guest {
    Guest {
        imports: format!(
            r#"{SHARED} {imports} (core instance $host {host} (export "memory" (memory $shared "memory")))"#
        ),
        core_imports: format!(r#"(import "host" "memory" (memory 4)) {core_imports}"#),
        with: r#"(with "host" (instance $host))"#.to_owned(),
        memory: r#"(export "memory" (memory 0))"#.to_owned(),
        ..Guest::default()
    }
}

#[tokio::test]
async fn the_environment_is_empty_and_no_directory_is_open() {
    let imports = r#"
        (import "wasi:cli/environment@0.2.0" (instance $env
          (export "get-environment" (func (result (list (tuple string string)))))
          (export "get-arguments" (func (result (list string))))))
        (import "wasi:filesystem/types@0.2.0" (instance $fs (export "descriptor" (type (sub resource)))))
        (alias export $fs "descriptor" (type $descriptor))
        (import "wasi:filesystem/preopens@0.2.0" (instance $pre
          (alias outer 1 $descriptor (type $d'))
          (export "descriptor" (type $d (eq $d')))
          (export "get-directories" (func (result (list (tuple (own $d) string)))))))
        (core func $env (canon lower (func $env "get-environment") (memory (core memory $shared "memory")) (realloc (core func $shared "realloc"))))
        (core func $args (canon lower (func $env "get-arguments") (memory (core memory $shared "memory")) (realloc (core func $shared "realloc"))))
        (core func $dirs (canon lower (func $pre "get-directories") (memory (core memory $shared "memory")) (realloc (core func $shared "realloc"))))"#;
    let host = r#"(export "env" (func $env)) (export "args" (func $args)) (export "dirs" (func $dirs))"#;
    let core = r#"(import "host" "env" (func $env (param i32))) (import "host" "args" (func $args (param i32)))
        (import "host" "dirs" (func $dirs (param i32)))"#;
    let mut guest = guest(imports, core, host);
    let length = |function: &str| {
        format!("(call ${function} (i32.const 0x600)) (if (i32.load (i32.const 0x604)) (then unreachable))")
    };
    guest.check = format!("{} {} {} i32.const 0x400", length("env"), length("args"), length("dirs"));
    assert_eq!(link(guest.component()).await.check(&call()).await.outcome, Ok(Ok(())));
}

#[tokio::test]
async fn standard_output_is_the_log() {
    let imports = r#"
        (import "wasi:io/error@0.2.0" (instance $err (export "error" (type (sub resource)))))
        (alias export $err "error" (type $error_resource))
        (import "wasi:io/streams@0.2.0" (instance $streams
          (alias outer 1 $error_resource (type $e'))
          (export "error" (type $e (eq $e')))
          (export "output-stream" (type $out (sub resource)))
          (type $stream_error' (variant (case "last-operation-failed" (own $e)) (case "closed")))
          (export "stream-error" (type $stream_error (eq $stream_error')))
          (export "[method]output-stream.blocking-write-and-flush"
            (func (param "self" (borrow $out)) (param "contents" (list u8)) (result (result (error $stream_error)))))))
        (alias export $streams "output-stream" (type $output))
        (import "wasi:cli/stdout@0.2.0" (instance $stdout
          (alias outer 1 $output (type $o'))
          (export "output-stream" (type $o (eq $o')))
          (export "get-stdout" (func (result (own $o))))))
        (core func $get (canon lower (func $stdout "get-stdout")))
        (core func $write (canon lower (func $streams "[method]output-stream.blocking-write-and-flush") (memory (core memory $shared "memory"))))"#;
    let host = r#"(export "get" (func $get)) (export "write" (func $write))"#;
    let core = r#"(import "host" "get" (func $get (result i32))) (import "host" "write" (func $write (param i32 i32 i32 i32)))"#;
    let mut guest = guest(imports, core, host);
    guest.items = r#"(data (i32.const 0x40) "hello\nthere")"#.to_owned();
    guest.check =
        "(call $write (call $get) (i32.const 0x40) (i32.const 11) (i32.const 0x600)) i32.const 0x400"
            .to_owned();
    let report = link(guest.component()).await.check(&call()).await;
    assert_eq!(report.outcome, Ok(Ok(())));
    let lines: Vec<_> = report.log.iter().map(|line| (line.level, line.message.as_str())).collect();
    assert_eq!(lines, [(Level::Info, "hello"), (Level::Info, "there")]);
}

#[tokio::test]
async fn exit_ends_the_call() {
    let imports = r#"(import "wasi:cli/exit@0.2.0" (instance $exit (export "exit" (func (param "status" (result))))))
        (core func $exit (canon lower (func $exit "exit")))"#;
    let mut guest = guest(
        imports,
        r#"(import "host" "exit" (func $exit (param i32)))"#,
        r#"(export "exit" (func $exit))"#,
    );
    guest.run = "(call $exit (i32.const 1)) unreachable".to_owned();
    let failure = link(guest.component()).await.run(&call(), "act", &[input()]).await.outcome.unwrap_err();
    assert_eq!(failure.fault, Fault::Trap);
    assert_eq!(failure.message, "the guest exited with status 1 instead of returning");
}

#[tokio::test]
async fn clocks_and_randomness_are_the_hosts() {
    let imports = r#"
        (import "wasi:random/random@0.2.0" (instance $random
          (export "get-random-u64" (func (result u64)))
          (export "get-random-bytes" (func (param "len" u64) (result (list u8))))))
        (import "wasi:clocks/wall-clock@0.2.0" (instance $wall
          (type $t' (record (field "seconds" u64) (field "nanoseconds" u32)))
          (export "datetime" (type $t (eq $t')))
          (export "now" (func (result $t)))))
        (import "wasi:clocks/monotonic-clock@0.2.0" (instance $mono (export "now" (func (result u64)))))
        (core func $number (canon lower (func $random "get-random-u64")))
        (core func $bytes (canon lower (func $random "get-random-bytes") (memory (core memory $shared "memory")) (realloc (core func $shared "realloc"))))
        (core func $wall (canon lower (func $wall "now") (memory (core memory $shared "memory"))))
        (core func $mono (canon lower (func $mono "now")))"#;
    let host = r#"(export "number" (func $number)) (export "wall" (func $wall)) (export "mono" (func $mono))
        (export "bytes" (func $bytes))"#;
    let core = r#"(import "host" "number" (func $number (result i64))) (import "host" "wall" (func $wall (param i32)))
        (import "host" "mono" (func $mono (result i64))) (import "host" "bytes" (func $bytes (param i64 i32)))"#;
    let mut guest = guest(imports, core, host);
    let seconds = NOW_MS / 1_000;
    guest.check = format!(
        "(if (i64.ne (call $number) (i64.const 0x0707070707070707)) (then unreachable))
         (call $wall (i32.const 0x600))
         (if (i64.ne (i64.load (i32.const 0x600)) (i64.const {seconds})) (then unreachable))
         (if (i64.ne (i64.rem_u (call $mono) (i64.const 1000000)) (i64.const 0)) (then unreachable))
         i32.const 0x400"
    );
    guest.run = "(call $bytes (i64.const 0x40000000) (i32.const 0x600)) unreachable".to_owned();
    let linked = link(guest.component()).await;
    assert_eq!(linked.check(&call()).await.outcome, Ok(Ok(())));
    let failure = linked.run(&call(), "act", &[input()]).await.outcome.unwrap_err();
    assert!(failure.message.contains("more than 65536 random bytes"), "{failure}");
}
