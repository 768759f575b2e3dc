;; A page whose `more` is 2.
@items
(data (i32.const 0x81c) "\02")
