;; Returns, and never ends cleaning up.
@after
(loop br 0)
