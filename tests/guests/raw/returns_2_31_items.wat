;; A list of 2^31 items.
@items
(data (i32.const 0x400) "\00\05\00\00\00\00\00\80")
