;; An error of a case that does not exist.
@items
(data (i32.const 0x500) "\01\00\00\00\00\00\00\00\09")
