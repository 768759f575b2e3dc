;; A result that is neither ok nor error.
@items
(data (i32.const 0x500) "\07")
