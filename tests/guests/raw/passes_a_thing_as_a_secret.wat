;; Uses a thing of its own where a secret belongs.
@imports
(type $thing (resource (rep i32))) (core func $new (canon resource.new $thing)) (core func $drop_thing (canon resource.drop $thing)) (core func $rep (canon resource.rep $thing))
@with
(export "new" (func $new)) (export "drop-thing" (func $drop_thing)) (export "rep" (func $rep))
@core_imports
(import "host" "new" (func $new (param i32) (result i32))) (import "host" "drop-thing" (func $drop_thing (param i32))) (import "host" "rep" (func $rep (param i32) (result i32)))
@run
(call $fingerprint (call $new (i32.const 1)) (i32.const 0xc00)) i32.const 0x400
