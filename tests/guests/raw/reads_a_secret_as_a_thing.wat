;; Reads a secret's handle as if it were a thing of its own.
@imports
(type $thing (resource (rep i32))) (core func $new (canon resource.new $thing)) (core func $drop_thing (canon resource.drop $thing)) (core func $rep (canon resource.rep $thing))
@with
(export "new" (func $new)) (export "drop-thing" (func $drop_thing)) (export "rep" (func $rep))
@core_imports
(import "host" "new" (func $new (param i32) (result i32))) (import "host" "drop-thing" (func $drop_thing (param i32))) (import "host" "rep" (func $rep (param i32) (result i32)))
@run
(call $open (i32.const 0x80) (i32.const 7) (i32.const 0xc00)) (drop (call $rep (i32.load (i32.const 0xc04)))) i32.const 0x400
