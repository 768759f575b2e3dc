;; Opens a secret without end and keeps all handles.
@run
(loop (call $open (i32.const 0x80) (i32.const 7) (i32.const 0xc00)) (br_if 0 (i32.eqz (i32.load8_u (i32.const 0xc00))))) unreachable
