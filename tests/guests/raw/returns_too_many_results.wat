;; Two results for one input.
@items
(data (i32.const 0x400) "\00\05\00\00\02\00\00\00")
