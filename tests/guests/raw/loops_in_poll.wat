;; Never gives a page.
@poll
(loop br 0) unreachable
