;; Asks for 2^31 elements at once.
@items
(table $t 1 funcref)
@run
(loop (br_if 0 (i32.ne (table.grow $t (ref.null func) (i32.const 0x7fffffff)) (i32.const -1)))) unreachable
