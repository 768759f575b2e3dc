;; Says at every record that the remote wants it to wait for longer than the world.
@items
(data (i32.const 0x500) "\01\00\00\00\00\00\00\00\04\00\00\00\00\00\00\00\01\00\00\00\00\00\00\00\ff\ff\ff\ff\ff\ff\ff\ff")
