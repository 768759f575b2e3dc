;; Two mebibytes of text that is legal in its memory.
@run
(drop (memory.grow (i32.const 40))) (memory.fill (i32.const 0x30000) (i32.const 0x31) (i32.const 0x200000)) (i32.store (i32.const 0x508) (i32.const 0x30000)) (i32.store (i32.const 0x50c) (i32.const 0x200000)) i32.const 0x400
