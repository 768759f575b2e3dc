;; Grows six memories in turn: their sum is what counts.
@items
(memory $m0 1) (memory $m1 1) (memory $m2 1) (memory $m3 1) (memory $m4 1) (memory $m5 1)
@run
(loop (br_if 0 (i32.ne (memory.grow $m0 (i32.const 16)) (i32.const -1)))) (loop (br_if 0 (i32.ne (memory.grow $m1 (i32.const 16)) (i32.const -1)))) (loop (br_if 0 (i32.ne (memory.grow $m2 (i32.const 16)) (i32.const -1)))) (loop (br_if 0 (i32.ne (memory.grow $m3 (i32.const 16)) (i32.const -1)))) (loop (br_if 0 (i32.ne (memory.grow $m4 (i32.const 16)) (i32.const -1)))) (loop (br_if 0 (i32.ne (memory.grow $m5 (i32.const 16)) (i32.const -1)))) unreachable
