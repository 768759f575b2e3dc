;; An option that is neither some nor none.
@items
(data (i32.const 0x810) "\02")
