;; Never says what it is.
@describe
(loop br 0) unreachable
