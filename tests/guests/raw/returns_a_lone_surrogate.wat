;; Half a surrogate pair, in UTF-16.
@lift
string-encoding=utf16
@items
(data (i32.const 0x40) "\00\d8")
