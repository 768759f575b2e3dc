;; A table of ten million elements from the start.
@items
(table 10000000 funcref)
