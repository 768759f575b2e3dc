;; Uses a secret that it has dropped.
@run
(call $open (i32.const 0x80) (i32.const 7) (i32.const 0xc00)) (call $drop (i32.load (i32.const 0xc04))) (call $fingerprint (i32.load (i32.const 0xc04)) (i32.const 0xc20)) i32.const 0x400
