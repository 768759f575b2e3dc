;; A text of bytes that are not UTF-8.
@items
(data (i32.const 0x40) "\ff")
