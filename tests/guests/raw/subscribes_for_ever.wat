;; Makes timers without end and keeps them all.
@imports
(import "wasi:io/poll@0.2.0" (instance $poll (export "pollable" (type (sub resource))) ))
(alias export $poll "pollable" (type $pollable))
(import "wasi:clocks/monotonic-clock@0.2.0" (instance $mono (alias outer 1 $pollable (type $p')) (export "pollable" (type $p (eq $p'))) (export "subscribe-duration" (func (param "when" u64) (result (own $p))))))
(core func $subscribe (canon lower (func $mono "subscribe-duration")))
@with
(export "subscribe" (func $subscribe))
@core_imports
(import "host" "subscribe" (func $subscribe (param i64) (result i32)))
@run
(loop (drop (call $subscribe (i64.const -1))) br 0) unreachable
