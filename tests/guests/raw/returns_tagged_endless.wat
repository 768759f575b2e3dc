;; A tagged text of 2^31 - 1 units.
@lift
string-encoding=latin1+utf16
@items
(data (i32.const 0x50c) "\ff\ff\ff\ff")
