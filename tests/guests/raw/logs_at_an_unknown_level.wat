;; A level that does not exist.
@run
(call $log (i32.const 99) (i32.const 0x80) (i32.const 7) (i32.const 0) (i32.const 0)) i32.const 0x400
