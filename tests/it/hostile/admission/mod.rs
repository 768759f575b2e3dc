//! Uploads of hostile tenants: refused by name, at once, and at the cost of one upload.

mod bombs;
mod cache;
mod caps;
mod consent;
mod names;
mod shapes;
mod signatures;
mod yard;
