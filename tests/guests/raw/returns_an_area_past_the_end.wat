;; A result area at the end of memory.
@run
i32.const 0x3fffc
