;; A page of a million empty records.
@poll
(drop (memory.grow (i32.const 100))) (i32.store (i32.const 0x808) (i32.const 0x40000)) (i32.store (i32.const 0x80c) (i32.const 400000)) i32.const 0x800
