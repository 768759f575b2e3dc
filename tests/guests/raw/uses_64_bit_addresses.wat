;; A small memory whose addresses have 64 bits.
@items
(memory $big i64 1)
