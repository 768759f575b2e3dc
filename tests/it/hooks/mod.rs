//! Webhooks in, whole: from a signature over a socket to a request at the remote.

mod lasting;
mod refusals;
mod schemes;
mod stripe;
mod world;
