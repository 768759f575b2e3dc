;; Starts at admission, where it has no settings, and traps at every call.
@items
(func $s (call $config (i32.const 0xc00)) (i32.gt_u (i32.load (i32.const 0xc04)) (i32.const 2)) (if (then unreachable))) (start $s)
