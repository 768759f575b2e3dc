;; A million lines of a thousand bytes.
@run
(local $n i32) (loop (call $log (i32.const 1) (i32.const 0x1000) (i32.const 1000) (i32.const 0) (i32.const 0)) (local.set $n (i32.add (local.get $n) (i32.const 1))) (br_if 0 (i32.lt_u (local.get $n) (i32.const 1000000)))) i32.const 0x400
@items
(data (i32.const 0x1000) "")
