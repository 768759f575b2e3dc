;; Grows a table until it is refused, and falls over.
@items
(table $t 1 funcref)
@run
(loop (br_if 0 (i32.ne (table.grow $t (ref.null func) (i32.const 500)) (i32.const -1)))) unreachable
