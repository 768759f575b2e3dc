;; Calls the host back while the host puts its arguments down.
@realloc
(call $log (i32.const 1) (i32.const 0x80) (i32.const 7) (i32.const 0) (i32.const 0)) (call $bump (local.get $old) (local.get $size) (local.get $align) (local.get $new))
