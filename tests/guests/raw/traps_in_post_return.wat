;; Returns, and falls over while it cleans up.
@after
unreachable
