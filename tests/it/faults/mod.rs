//! What happens to a host: it is killed, its clock jumps, its remote is away, much waits for it.

mod killed;
