;; A memory of 2^48 bytes.
@items
(memory $big i64 0x100000000)
