;; Logs, and waits for twenty milliseconds before it returns.
@imports
(import "wasi:io/poll@0.2.0" (instance $poll (export "pollable" (type $p (sub resource))) (export "[method]pollable.block" (func (param "self" (borrow $p)))) (export "poll" (func (param "in" (list (borrow $p))) (result (list u32))))))
(alias export $poll "pollable" (type $pollable))
(import "wasi:clocks/monotonic-clock@0.2.0" (instance $mono (alias outer 1 $pollable (type $p')) (export "pollable" (type $p (eq $p'))) (export "subscribe-duration" (func (param "when" u64) (result (own $p))))))
(core func $subscribe (canon lower (func $mono "subscribe-duration")))
(core func $block (canon lower (func $poll "[method]pollable.block")))
(core func $poll_all (canon lower (func $poll "poll") (memory (core memory $shared "memory")) (realloc (core func $shared "realloc"))))
@with
(export "subscribe" (func $subscribe)) (export "block" (func $block)) (export "poll" (func $poll_all))
@core_imports
(import "host" "subscribe" (func $subscribe (param i64) (result i32))) (import "host" "block" (func $block (param i32))) (import "host" "poll" (func $poll (param i32 i32 i32)))
@run
(call $log (i32.const 1) (i32.const 0x80) (i32.const 7) (i32.const 0) (i32.const 0)) (call $block (call $subscribe (i64.const 20000000))) i32.const 0x400
