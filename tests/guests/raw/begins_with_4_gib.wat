;; A memory of four gibibytes from the start.
@items
(memory $big 65536)
