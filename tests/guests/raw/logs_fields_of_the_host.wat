;; A line with a thousand fields, the first of which bear the names of the host's own.
@items
(data (i32.const 0x2000) "tenant")(data (i32.const 0x2010) "other")(data (i32.const 0x2020) "run")(data (i32.const 0x2030) "connector")(data (i32.const 0x3000) "\00\20\00\00\06\00\00\00\10\20\00\00\05\00\00\00\20\20\00\00\03\00\00\00\10\20\00\00\05\00\00\00\30\20\00\00\09\00\00\00\10\20\00\00\05\00\00\00")
@run
(local $n i32) (loop (memory.copy (i32.add (i32.const 0x3030) (i32.mul (local.get $n) (i32.const 16))) (i32.const 0x3020) (i32.const 16)) (local.set $n (i32.add (local.get $n) (i32.const 1))) (br_if 0 (i32.lt_u (local.get $n) (i32.const 997)))) (call $log (i32.const 1) (i32.const 0x80) (i32.const 7) (i32.const 0x3000) (i32.const 1000)) i32.const 0x400
