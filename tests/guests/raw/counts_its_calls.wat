;; Falls over unless globals, memory and tables are as they were before any call; then changes them all.
@items
(global $calls (mut i32) (i32.const 0)) (table $t 2000 funcref) (memory $other 4) (func $f) (elem declare func $f)
@run
(local $n i32)
(if (global.get $calls) (then unreachable))
(global.set $calls (i32.const 1))
(loop
  (if (i32.eqz (ref.is_null (table.get $t (local.get $n)))) (then unreachable))
  (table.set $t (local.get $n) (ref.func $f))
  (local.set $n (i32.add (local.get $n) (i32.const 1)))
  (br_if 0 (i32.lt_u (local.get $n) (i32.const 2000))))
(local.set $n (i32.const 0))
(loop
  (if (i64.ne (i64.load $other (local.get $n)) (i64.const 0)) (then unreachable))
  (i64.store $other (local.get $n) (i64.const 0x5a5a5a5a5a5a5a5a))
  (local.set $n (i32.add (local.get $n) (i32.const 8)))
  (br_if 0 (i32.lt_u (local.get $n) (i32.const 0x40000))))
i32.const 0x400
