//! What is tried against the API, from the network and with every kind of token.

mod callers;
mod gate;
mod quotas;
mod removal;
