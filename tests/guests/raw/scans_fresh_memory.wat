;; Grows by two mebibytes, falls over if a bit of them is set, then fills them with its own pattern.
@items
(table $t 1 funcref) (func $f) (elem declare func $f)
@run
(local $n i32)
(local.set $n (i32.mul (memory.grow (i32.const 32)) (i32.const 0x10000)))
(loop
  (if (i64.ne (i64.load (local.get $n)) (i64.const 0)) (then unreachable))
  (i64.store (local.get $n) (i64.const 0x7e4a47007e4a4700))
  (local.set $n (i32.add (local.get $n) (i32.const 8)))
  (br_if 0 (i32.lt_u (local.get $n) (i32.const 0x240000))))
(drop (table.grow $t (ref.null func) (i32.const 1500)))
(local.set $n (i32.const 0))
(loop
  (if (i32.eqz (ref.is_null (table.get $t (local.get $n)))) (then unreachable))
  (table.set $t (local.get $n) (ref.func $f))
  (local.set $n (i32.add (local.get $n) (i32.const 1)))
  (br_if 0 (i32.lt_u (local.get $n) (i32.const 1500))))
i32.const 0x400
