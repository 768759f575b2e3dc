;; Calls the host without end.
@run
(loop (call $log (i32.const 0) (i32.const 0x40) (i32.const 1) (i32.const 0) (i32.const 0)) br 0) unreachable
