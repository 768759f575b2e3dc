//! What is tried against the API, from the network and with every kind of token.

mod bodies;
mod callers;
mod front;
mod gate;
mod names;
mod quotas;
mod removal;
mod slow;
mod tls;
mod wire;
