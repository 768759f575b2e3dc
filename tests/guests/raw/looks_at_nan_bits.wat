;; Falls over if a NaN that arithmetic made has other bits than the canonical ones.
@items
(func $is (param $bits i32) (if (i32.ne (i32.and (local.get $bits) (i32.const 0x7fffffff)) (i32.const 0x7fc00000)) (then unreachable)))
@run
(call $is (i32.reinterpret_f32 (f32.div (f32.load (i32.const 0xf00)) (f32.load (i32.const 0xf00)))))
(call $is (i32.reinterpret_f32 (f32.sqrt (f32.sub (f32.load (i32.const 0xf00)) (f32.const 1)))))
(call $is (i32.reinterpret_f32 (f32.add (f32.reinterpret_i32 (i32.const 0x7fa12345)) (f32.const 1))))
(call $is (i32.reinterpret_f32 (f32.mul (f32.reinterpret_i32 (i32.const -1)) (f32.load (i32.const 0xf00)))))
(if (i64.ne (i64.and (i64.reinterpret_f64 (f64.div (f64.load (i32.const 0xf00)) (f64.load (i32.const 0xf00)))) (i64.const 0x7fffffffffffffff)) (i64.const 0x7ff8000000000000)) (then unreachable))
i32.const 0x400
