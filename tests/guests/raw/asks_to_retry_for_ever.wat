;; Says at every record that it may work later.
@items
(data (i32.const 0x500) "\01\00\00\00\00\00\00\00\06\00\00\00\00\00\00\00\40\00\00\00\01\00\00\00")
