;; Honest text in the other encodings reads the same.
@lift
string-encoding=latin1+utf16
