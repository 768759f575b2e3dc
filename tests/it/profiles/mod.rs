//! Profiles over time: their status, a refused credential, a credential's age, and the events that tell of them.

mod backoff;
mod events;
mod scene;
mod status;
