;; Six instances of one module, each of which takes what it gets while it starts.
@imports
(core module $greedy (memory 1) (func $s (local $n i32) (loop (br_if 0 (i32.ne (memory.grow (i32.const 16)) (i32.const -1))))) (start $s))
(core instance (instantiate $greedy))
(core instance (instantiate $greedy))
(core instance (instantiate $greedy))
(core instance (instantiate $greedy))
(core instance (instantiate $greedy))
(core instance (instantiate $greedy))
@run
unreachable
