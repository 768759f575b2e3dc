//! Whoever writes the expressions of a flow, and means harm: the mapping runs in the sandbox, and reaches one record.

mod flows;
mod language;
mod limits;

use lockgate::domain::call::Limits;
use lockgate::domain::flow::Mapping;
use lockgate::{Host, Tenant};

use crate::harness::reaching;

/// The mapping language, as a tenant has it.
struct Jq {
    host: Host,
    tenant: Tenant,
}

impl Jq {
    async fn with(limits: Limits) -> Self {
        let host = reaching(&[]).limits(limits).build().await.expect("the host starts");
        let tenant = host.tenant("acme").expect("a tenant");
        Self { host, tenant }
    }

    async fn new() -> Self {
        Self::with(Limits::default()).await
    }

    /// What becomes of one record: a text, nothing, or why not. An outcome that is no outcome of the record itself, such
    /// as a limit that was hit, is an error with its code.
    async fn map(&self, program: &str, record: &str) -> Result<Outcome, &'static str> {
        let mapping = Mapping { jq: program.to_owned() };
        let results = self.tenant.try_mapping(&mapping, &[record.to_owned()]).await;
        let mut results = results.map_err(|error| error.code)?;
        assert_eq!(results.len(), 1, "{program}");
        Ok(match results.remove(0) {
            Ok(Some(text)) => Outcome::Gives(text),
            Ok(None) => Outcome::Drops,
            Err(error) => Outcome::Refused(error.message()),
        })
    }

    /// The text that a program gives.
    async fn gives(&self, program: &str, record: &str) -> String {
        match self.map(program, record).await {
            Ok(Outcome::Gives(text)) => text,
            other => panic!("{program} on {record} ended in {other:?}"),
        }
    }

    /// Why a program gives nothing for the record; the sandbox itself has no reason to complain.
    async fn refuses(&self, program: &str, record: &str) -> String {
        match self.map(program, record).await {
            Ok(Outcome::Refused(message)) => message,
            other => panic!("{program} on {record} ended in {other:?}"),
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Gives(String),
    Drops,
    Refused(String),
}
