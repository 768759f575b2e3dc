;; Falls over when it is asked for room.
@realloc
unreachable
