;; Half a surrogate pair, tagged as UTF-16 where Latin-1 was possible.
@lift
string-encoding=latin1+utf16
@items
(data (i32.const 0x40) "\00\d8")(data (i32.const 0x50c) "\01\00\00\80")
