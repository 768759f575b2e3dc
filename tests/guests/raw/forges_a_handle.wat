;; Uses a secret that it never opened.
@run
(call $fingerprint (i32.const 1) (i32.const 0xc00)) i32.const 0x400
