;; A list whose end overflows the address.
@items
(data (i32.const 0x400) "\f8\ff\ff\ff\ff\00\00\00")
