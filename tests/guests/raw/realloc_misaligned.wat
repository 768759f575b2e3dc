;; Gives room at an odd address.
@realloc
i32.const 0x20001
