;; Drops a thing of its own whose destructor never ends.
@imports
(core module $dtor_module (func (export "dtor") (param i32) (loop br 0)))
(core instance $dtor (instantiate $dtor_module))
(type $thing (resource (rep i32) (dtor (core func $dtor "dtor"))))
(core func $new (canon resource.new $thing)) (core func $drop_thing (canon resource.drop $thing))
@with
(export "new" (func $new)) (export "drop-thing" (func $drop_thing))
@core_imports
(import "host" "new" (func $new (param i32) (result i32))) (import "host" "drop-thing" (func $drop_thing (param i32)))
@run
(call $drop_thing (call $new (i32.const 1))) i32.const 0x400
