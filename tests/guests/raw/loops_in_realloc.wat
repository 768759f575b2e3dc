;; Never gives room for its own arguments.
@realloc
(loop br 0) unreachable
