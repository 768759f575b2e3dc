;; Reads where there is no memory.
@run
(i32.load (i32.const -8))
