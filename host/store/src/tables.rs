//! One trait a table, one file a table: its reads here on `Store`, its writes on `Commit`.

mod audit;
mod connectors;
mod dead_letters;
mod drifts;
mod flow_states;
mod flows;
mod holdings;
mod logs;
mod observations;
mod outbox;
mod profiles;
mod runs;
mod secrets;
mod seen;
mod signers;
mod tenants;
mod tokens;

pub use audit::Audit;
pub use connectors::Connectors;
pub use dead_letters::DeadLetters;
pub use drifts::Drifts;
pub use flow_states::FlowStates;
pub use flows::Flows;
pub use holdings::{HeldComponents, Holdings};
pub use logs::{LogFilter, Logs};
pub use observations::Observations;
pub use outbox::Outbox;
pub use profiles::Profiles;
pub use runs::Runs;
pub use secrets::Secrets;
pub use seen::SeenRecords;
pub use signers::Signers;
pub use tenants::{Tenant, Tenants};
pub use tokens::Tokens;
