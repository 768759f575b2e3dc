;; Asks for a gigabyte of random bytes at once.
@imports
(import "wasi:random/random@0.2.0" (instance $random (export "get-random-bytes" (func (param "len" u64) (result (list u8)))) (export "get-random-u64" (func (result u64)))))
(core func $bytes (canon lower (func $random "get-random-bytes") (memory (core memory $shared "memory")) (realloc (core func $shared "realloc"))))
(core func $number (canon lower (func $random "get-random-u64")))
@with
(export "bytes" (func $bytes)) (export "number" (func $number))
@core_imports
(import "host" "bytes" (func $bytes (param i64 i32))) (import "host" "number" (func $number (result i64)))
@run
(call $bytes (i64.const 0x40000000) (i32.const 0xc00)) i32.const 0x400
