;; Falls over if a clock is finer than a millisecond, or the monotonic one runs backwards.
@imports
(import "wasi:clocks/monotonic-clock@0.2.0" (instance $mono (export "now" (func (result u64))) (export "resolution" (func (result u64)))))
(import "wasi:clocks/wall-clock@0.2.0" (instance $wall (type $d' (record (field "seconds" u64) (field "nanoseconds" u32))) (export "datetime" (type $d (eq $d'))) (export "now" (func (result $d)))))
(core func $mono_now (canon lower (func $mono "now"))) (core func $mono_res (canon lower (func $mono "resolution")))
(core func $wall_now (canon lower (func $wall "now") (memory (core memory $shared "memory"))))
@with
(export "mono" (func $mono_now)) (export "res" (func $mono_res)) (export "wall" (func $wall_now))
@core_imports
(import "host" "mono" (func $mono (result i64))) (import "host" "res" (func $res (result i64))) (import "host" "wall" (func $wall (param i32)))
@run
(local $n i32) (local $at i64) (local $last i64)
(if (i64.lt_u (call $res) (i64.const 1000000)) (then unreachable))
(loop
  (local.set $at (call $mono))
  (if (i64.ne (i64.rem_u (local.get $at) (i64.const 1000000)) (i64.const 0)) (then unreachable))
  (if (i64.lt_u (local.get $at) (local.get $last)) (then unreachable))
  (local.set $last (local.get $at))
  (call $wall (i32.const 0xc00))
  (if (i32.rem_u (i32.load (i32.const 0xc08)) (i32.const 1000000)) (then unreachable))
  (local.set $n (i32.add (local.get $n) (i32.const 1)))
  (br_if 0 (i32.lt_u (local.get $n) (i32.const 5000))))
i32.const 0x400
