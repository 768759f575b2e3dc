;; Never ends an action.
@run
(loop br 0) unreachable
