;; Makes three hundred things of its own: a hundred more than it may hold.
@imports
(type $thing (resource (rep i32))) (core func $new (canon resource.new $thing)) (core func $drop_thing (canon resource.drop $thing)) (core func $rep (canon resource.rep $thing))
@with
(export "new" (func $new)) (export "drop-thing" (func $drop_thing)) (export "rep" (func $rep))
@core_imports
(import "host" "new" (func $new (param i32) (result i32))) (import "host" "drop-thing" (func $drop_thing (param i32))) (import "host" "rep" (func $rep (param i32) (result i32)))
@run
(local $n i32) (loop (drop (call $new (i32.const 1))) (local.set $n (i32.add (local.get $n) (i32.const 1))) (br_if 0 (i32.lt_u (local.get $n) (i32.const 300)))) i32.const 0x400
