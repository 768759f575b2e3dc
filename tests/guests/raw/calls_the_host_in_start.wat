;; Logs while it starts: allowed, and the line is in the log.
@items
(func $s (call $log (i32.const 1) (i32.const 0x80) (i32.const 7) (i32.const 0) (i32.const 0))) (start $s)
