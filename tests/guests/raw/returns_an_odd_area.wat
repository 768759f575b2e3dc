;; A result area at an odd address.
@run
i32.const 0x401
