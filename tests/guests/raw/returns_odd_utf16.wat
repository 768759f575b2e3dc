;; UTF-16 at an odd address.
@lift
string-encoding=utf16
@items
(data (i32.const 0x500) "\00\00\00\00\00\00\00\00\41\00\00\00\01\00\00\00")
