//! What attackers try, by where they stand: `SECURITY.md` names the test for each numbered case.

mod admission;
mod api;
mod audit;
mod canary;
mod egress;
mod expressions;
mod guests;
mod remote;
mod secrets;
