;; Bulk operations of three mebibytes each, without end.
@run
(drop (memory.grow (i32.const 48))) (loop (memory.fill (i32.const 0x30000) (i32.const 7) (i32.const 0x300000)) (memory.copy (i32.const 0x30000) (i32.const 0x40000) (i32.const 0x2f0000)) br 0) unreachable
