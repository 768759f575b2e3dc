;; Begins with sixteen mebibytes, which is its whole limit.
@items
(memory $big 256)
