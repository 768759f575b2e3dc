;; No result for one input.
@items
(data (i32.const 0x404) "\00")
