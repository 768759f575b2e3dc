;; Never ends its check.
@check
(loop br 0) unreachable
