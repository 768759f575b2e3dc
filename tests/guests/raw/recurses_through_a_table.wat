;; Two functions that call each other through a table without end.
@items
(type $v (func)) (table $t funcref (elem $a $b)) (func $a (call_indirect $t (type $v) (i32.const 1)) (call $b)) (func $b (call_indirect $t (type $v) (i32.const 0)) (call $a))
@run
(call $a) unreachable
