;; UTF-16 whose bytes are more than an address can count.
@lift
string-encoding=utf16
@items
(data (i32.const 0x500) "\00\00\00\00\00\00\00\00\40\00\00\00\ff\ff\ff\7f")
