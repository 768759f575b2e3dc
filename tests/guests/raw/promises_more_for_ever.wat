;; Gives an empty page with more behind it, and always another cursor.
@poll
(local $n i32)
(local.set $n (i32.const 0x2000))
(i32.store8 (i32.const 0x2000) (i32.const 0x31))
(if (local.get 2) (then (memory.copy (i32.const 0x2001) (local.get 3) (local.get 4)) (i32.store (i32.const 0x818) (i32.add (local.get 4) (i32.const 1)))) (else (i32.store (i32.const 0x818) (i32.const 1))))
(i32.store8 (i32.const 0x810) (i32.const 1))
(i32.store (i32.const 0x814) (i32.const 0x2000))
(i32.store8 (i32.const 0x81c) (i32.const 1))
i32.const 0x800
