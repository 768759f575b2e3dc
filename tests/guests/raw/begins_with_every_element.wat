;; A table of 2^32 - 1 elements from the start.
@items
(table 0xffffffff funcref)
