;; A memory that threads share.
@items
(memory $big 1 2 shared)
