//! A small connector, written as text, of which a test replaces the parts that it is about.

/// One page of memory more than the data below needs; `realloc` hands out what follows.
const HEAP: u32 = 0x1_0000;

pub(super) const MANIFEST: &str =
    r#"{"name":"probe","version":"1.0.0","title":"Probe","category":"custom","hosts":[],"scopes":[]}"#;

/// Parts of the component. Bodies are core instructions; an empty one traps.
///
/// Memory, by convention: 0x200 where `describe` puts its result, 0x1000 the manifest, 0x400 the result area of the
/// other exports, all zero unless `items` says otherwise.
#[derive(Clone)]
pub(super) struct Guest {
    pub(super) manifest: String,
    pub(super) describe: String,
    pub(super) check: String,
    pub(super) run: String,
    pub(super) poll: String,
    pub(super) receive: String,
    pub(super) realloc: String,
    /// Items of the core module: data, functions, globals.
    pub(super) items: String,
    /// Component items before the core module: imported instances and lowered functions.
    pub(super) imports: String,
    /// Core imports, to match `with`.
    pub(super) core_imports: String,
    /// `(with ...)` of the core instance.
    pub(super) with: String,
    pub(super) memory: String,
    /// Options of the lifted `run`, for instance a post-return function.
    pub(super) run_options: String,
}

impl Default for Guest {
    fn default() -> Self {
        Self {
            manifest: MANIFEST.to_owned(),
            describe: "i32.const 0x200".to_owned(),
            check: "i32.const 0x400".to_owned(),
            run: "unreachable".to_owned(),
            poll: "unreachable".to_owned(),
            receive: "unreachable".to_owned(),
            realloc: "(local $at i32) (local.set $at (global.get $heap))
                (global.set $heap (i32.and (i32.add (i32.add (global.get $heap) (local.get $new)) (i32.const 7)) (i32.const -8)))
                (local.get $at)"
                .to_owned(),
            items: String::new(),
            imports: String::new(),
            core_imports: String::new(),
            with: String::new(),
            memory: "(memory (export \"memory\") 4)".to_owned(),
            run_options: String::new(),
        }
    }
}

/// The `types` interface, as far as a connector's exports use it.
const TYPES: &str = r#"
  (import "lockgate:connector/types@0.1.0" (instance $types
    (type $denial' (record (field "gate" string) (field "reason" string) (field "remedy" string)))
    (export "denial" (type $denial (eq $denial')))
    (type $error' (variant (case "invalid" string) (case "auth-required" string) (case "not-found" string)
      (case "conflict" string) (case "rate-limited" (option u64)) (case "denied" $denial)
      (case "transient" string) (case "ambiguous" string) (case "permanent" string)))
    (export "error" (type (eq $error')))
    (type $record' (record (field "key" string) (field "body" string)))
    (export "record" (type $record (eq $record')))
    (type $input' (record (field "key" string) (field "body" string)))
    (export "input" (type (eq $input')))
    (type $page' (record (field "records" (list $record)) (field "next" (option string)) (field "more" bool)))
    (export "page" (type (eq $page')))
    (type $inbound' (record (field "headers" (list (tuple string (list u8)))) (field "body" (list u8))))
    (export "inbound" (type (eq $inbound')))
    (type $received' (record (field "records" (list $record))))
    (export "received" (type (eq $received')))
  ))
  (alias export $types "denial" (type $denial))
  (alias export $types "error" (type $error))
  (alias export $types "input" (type $input))
  (alias export $types "page" (type $page))
  (alias export $types "inbound" (type $inbound))
  (alias export $types "received" (type $received))
"#;

impl Guest {
    pub(super) fn text(&self) -> String {
        let Self { manifest, describe, check, run, poll, receive, realloc, items, imports, .. } = self;
        let Self { core_imports, with, memory, run_options, .. } = self;
        let manifest_len = manifest.len();
        let escaped: String = manifest.bytes().map(|byte| format!("\\{byte:02x}")).collect();
        let describe_len: String =
            (manifest_len as u32).to_le_bytes().iter().map(|b| format!("\\{b:02x}")).collect();
        format!(
            r#"(component {TYPES} {imports}
  (core module $m
    {core_imports}
    {memory}
    (global $heap (mut i32) (i32.const {HEAP}))
    (data (i32.const 0x200) "\00\10\00\00{describe_len}")
    (data (i32.const 0x1000) "{escaped}")
    (func (export "realloc") (param $old i32) (param $size i32) (param $align i32) (param $new i32) (result i32) {realloc})
    (func (export "describe") (result i32) {describe})
    (func (export "check") (result i32) {check})
    (func (export "run") (param i32 i32 i32 i32) (result i32) {run})
    (func (export "poll") (param i32 i32 i32 i32 i32) (result i32) {poll})
    (func (export "receive") (param i32 i32 i32 i32 i32 i32) (result i32) {receive})
    {items}
  )
  (core instance $i (instantiate $m {with}))
  (func $describe (result string)
    (canon lift (core func $i "describe") (memory (core memory $i "memory")) (realloc (core func $i "realloc"))))
  (func $check (result (result (error $error)))
    (canon lift (core func $i "check") (memory (core memory $i "memory")) (realloc (core func $i "realloc"))))
  (func $run (param "action" string) (param "inputs" (list $input)) (result (list (result string (error $error))))
    (canon lift (core func $i "run") (memory (core memory $i "memory")) (realloc (core func $i "realloc")) {run_options}))
  (func $poll (param "trigger" string) (param "cursor" (option string)) (result (result $page (error $error)))
    (canon lift (core func $i "poll") (memory (core memory $i "memory")) (realloc (core func $i "realloc"))))
  (func $receive (param "hook" string) (param "event" $inbound) (result (result $received (error $error)))
    (canon lift (core func $i "receive") (memory (core memory $i "memory")) (realloc (core func $i "realloc"))))
  (instance $connector
    (export "describe" (func $describe)) (export "check" (func $check)) (export "run" (func $run))
    (export "poll" (func $poll)) (export "receive" (func $receive)))
  (export "lockgate:connector/connector@0.1.0" (instance $connector))
)"#
        )
    }

    pub(super) fn component(&self) -> Vec<u8> {
        wat::parse_str(self.text()).unwrap()
    }
}

pub(super) fn component(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap()
}

/// A transform that returns nothing useful: `body` gets the program and the records.
pub(super) fn transform(body: &str) -> Vec<u8> {
    component(&format!(
        r#"(component {TYPES}
  (core module $m
    (memory (export "memory") 4)
    (global $heap (mut i32) (i32.const {HEAP}))
    (func (export "realloc") (param i32 i32 i32) (param $new i32) (result i32) (local $at i32)
      (local.set $at (global.get $heap))
      (global.set $heap (i32.and (i32.add (i32.add (global.get $heap) (local.get $new)) (i32.const 7)) (i32.const -8)))
      (local.get $at))
    (func (export "transform") (param i32 i32 i32 i32) (result i32) {body}))
  (core instance $i (instantiate $m))
  (func $transform (param "program" string) (param "records" (list string))
    (result (list (result (option string) (error $error))))
    (canon lift (core func $i "transform") (memory (core memory $i "memory")) (realloc (core func $i "realloc"))))
  (instance $out (export "transform" (func $transform)))
  (export "lockgate:connector/transform@0.1.0" (instance $out)))"#
    ))
}
