//! The pipeline against a memory store and scripted connectors: every branch of a record's way.

mod backoff;
mod bench;
mod canaries;
mod crash;
mod delivery;
mod dispatching;
mod drifting;
mod leasing;
mod mapping;
mod ordering;
mod patience;
mod pausing;
mod pinning;
mod reading;
mod receiving;
mod replaying;
mod replaying_many;
mod scheduling;
mod script;
mod suspending;
mod triggering;
