;; Grows eight tables in turn: their sum is what counts.
@items
(table $t0 1 funcref) (table $t1 1 funcref) (table $t2 1 funcref) (table $t3 1 funcref) (table $t4 1 funcref) (table $t5 1 funcref) (table $t6 1 funcref) (table $t7 1 funcref)
@run
(loop (br_if 0 (i32.ne (table.grow $t0 (ref.null func) (i32.const 500)) (i32.const -1)))) (loop (br_if 0 (i32.ne (table.grow $t1 (ref.null func) (i32.const 500)) (i32.const -1)))) (loop (br_if 0 (i32.ne (table.grow $t2 (ref.null func) (i32.const 500)) (i32.const -1)))) (loop (br_if 0 (i32.ne (table.grow $t3 (ref.null func) (i32.const 500)) (i32.const -1)))) (loop (br_if 0 (i32.ne (table.grow $t4 (ref.null func) (i32.const 500)) (i32.const -1)))) (loop (br_if 0 (i32.ne (table.grow $t5 (ref.null func) (i32.const 500)) (i32.const -1)))) (loop (br_if 0 (i32.ne (table.grow $t6 (ref.null func) (i32.const 500)) (i32.const -1)))) (loop (br_if 0 (i32.ne (table.grow $t7 (ref.null func) (i32.const 500)) (i32.const -1)))) unreachable
