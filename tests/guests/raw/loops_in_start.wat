;; Never finishes starting.
@items
(func $s (loop br 0)) (start $s)
