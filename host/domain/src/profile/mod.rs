//! A tenant's configured use of a connector: target inputs, credential, grant, enabled or not, and how it fares.
//!
//! The row (`row`), how its calls ended (`outcomes`), the status that follows (`status`), what is known of its credential
//! (`credential`) and how that ages (`life`), and when a refused credential may be tried again (`backoff`).

mod backoff;
mod credential;
mod life;
mod outcomes;
mod row;
mod status;

pub use backoff::{MayTry, PROBE_EVERY_MS};
pub use credential::{CredentialProblem, CredentialReason, CredentialState, TokenLife};
pub use life::{Age, CredentialLife, CredentialTerms, Milestone, ROTATE_AFTER_MS, WARN_BEFORE_MS};
pub use outcomes::{CallOutcome, LastExchange, OUTCOMES_KEPT, OutcomeFailure, QUARANTINE_MS};
pub use row::{Auth, Grant, Profile, Tracing};
pub use status::{AuthPhase, HISTORY_KEPT, Reason, Standing, Status, StatusChange};

#[cfg(test)]
mod tests;
