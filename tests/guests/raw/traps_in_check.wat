;; Falls over in its check.
@check
unreachable
