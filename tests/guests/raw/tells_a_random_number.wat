;; Returns eight decimal digits of its luck.
@imports
(import "wasi:random/random@0.2.0" (instance $random (export "get-random-bytes" (func (param "len" u64) (result (list u8)))) (export "get-random-u64" (func (result u64)))))
(core func $bytes (canon lower (func $random "get-random-bytes") (memory (core memory $shared "memory")) (realloc (core func $shared "realloc"))))
(core func $number (canon lower (func $random "get-random-u64")))
@with
(export "bytes" (func $bytes)) (export "number" (func $number))
@core_imports
(import "host" "bytes" (func $bytes (param i64 i32))) (import "host" "number" (func $number (result i64)))
@run
(local $n i32) (local $left i64)
(local.set $left (call $number))
(loop
  (i32.store8 (i32.add (i32.const 0x40) (local.get $n)) (i32.add (i32.const 0x31) (i32.wrap_i64 (i64.rem_u (local.get $left) (i64.const 9)))))
  (local.set $left (i64.div_u (local.get $left) (i64.const 9)))
  (local.set $n (i32.add (local.get $n) (i32.const 1)))
  (br_if 0 (i32.lt_u (local.get $n) (i32.const 12))))
(i32.store (i32.const 0x50c) (i32.const 12))
i32.const 0x400
