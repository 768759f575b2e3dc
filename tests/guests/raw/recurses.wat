;; Calls itself without end.
@items
(func $deeper (call $deeper) (call $deeper))
@run
(call $deeper) unreachable
