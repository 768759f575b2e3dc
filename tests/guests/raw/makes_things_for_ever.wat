;; Makes things of its own without end and keeps them all.
@imports
(type $thing (resource (rep i32))) (core func $new (canon resource.new $thing)) (core func $drop_thing (canon resource.drop $thing)) (core func $rep (canon resource.rep $thing))
@with
(export "new" (func $new)) (export "drop-thing" (func $drop_thing)) (export "rep" (func $rep))
@core_imports
(import "host" "new" (func $new (param i32) (result i32))) (import "host" "drop-thing" (func $drop_thing (param i32))) (import "host" "rep" (func $rep (param i32) (result i32)))
@run
(loop (drop (call $new (i32.const 1))) br 0) unreachable
