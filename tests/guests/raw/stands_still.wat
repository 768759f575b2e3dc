;; Gives the same page for ever and always promises more.
@poll
(i32.store8 (i32.const 0x810) (i32.const 1)) (i32.store (i32.const 0x814) (i32.const 0x40)) (i32.store (i32.const 0x818) (i32.const 1)) (i32.store8 (i32.const 0x81c) (i32.const 1)) i32.const 0x800
