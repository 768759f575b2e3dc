;; A list at an odd address.
@items
(data (i32.const 0x400) "\01\05\00\00\01\00\00\00")
