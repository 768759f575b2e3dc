;; Opens a hundred secrets and returns.
@run
(local $n i32) (loop (call $open (i32.const 0x80) (i32.const 7) (i32.const 0xc00)) (local.set $n (i32.add (local.get $n) (i32.const 1))) (br_if 0 (i32.lt_u (local.get $n) (i32.const 100)))) i32.const 0x400
