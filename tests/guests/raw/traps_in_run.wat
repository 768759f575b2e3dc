;; Falls over.
@run
unreachable
