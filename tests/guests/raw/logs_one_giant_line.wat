;; One line of twelve mebibytes.
@run
(drop (memory.grow (i32.const 200))) (memory.fill (i32.const 0x30000) (i32.const 0x61) (i32.const 0xc00000)) (call $log (i32.const 1) (i32.const 0x30000) (i32.const 0xc00000) (i32.const 0) (i32.const 0)) i32.const 0x400
