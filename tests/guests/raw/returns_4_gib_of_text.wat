;; A text of 2^32 - 1 bytes in 256 KiB of memory.
@items
(data (i32.const 0x500) "\00\00\00\00\00\00\00\00\40\00\00\00\ff\ff\ff\ff")
