;; Gives room where there is no memory.
@realloc
i32.const -1
