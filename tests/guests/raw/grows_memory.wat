;; Grows its memory until it is refused, and falls over.
@run
(loop (br_if 0 (i32.ne (memory.grow (i32.const 16)) (i32.const -1)))) unreachable
