;; A text that is cut inside a character.
@items
(data (i32.const 0x40) "\e2")
