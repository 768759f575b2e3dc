//! Every row by itself: its check, its shape, and the files that rows name.

use domain::TenantId;
use domain::audit::{Chain, Entry, Head};
use domain::cassette::{Kept, Recording};
use domain::connector::Connector;
use domain::dead_letter::DeadLetter;
use domain::flow::{Flow, FlowState, Parcel, Seen};
use domain::log::LogEntry;
use domain::observation::Observation;
use domain::profile::Profile;
use domain::run::Run;
use domain::signing::Signers as Policy;
use domain::token::Token;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::{Checked, Owners};
use crate::backend::{Order, Span};
use crate::cipher::Sealed;
use crate::error::StoreError;
use crate::keys;
use crate::seal::SealedSecret;
use crate::{Audit as _, Store, Tenant};

const SLICE_ROWS: usize = 256;

impl Store {
    /// All rows there are, in order.
    pub(super) fn check_rows(&self, checked: &mut Checked) -> Result<Owners, StoreError> {
        let mut owners = Owners::new();
        let mut after: Option<Vec<u8>> = None;
        loop {
            let span =
                Span { prefix: &[], after: after.as_deref(), order: Order::Ascending, keys_only: false };
            let slice = self.inner().backend.scan(span, SLICE_ROWS)?;
            for (key, row) in &slice.rows {
                checked.bytes += u64::try_from(key.len() + row.len()).unwrap_or(u64::MAX);
                match keys::parts(key) {
                    None => checked.wrong(key, "no row has such a name: somebody else wrote it"),
                    Some(parts) => {
                        *checked.tables.entry(parts.table.to_owned()).or_default() += 1;
                        owners.extend(parts.tenant());
                        self.check_row(key, parts.table, row, checked);
                    }
                }
            }
            match slice.rows.into_iter().next_back() {
                Some((last, _)) if slice.more => after = Some(last),
                _ => return Ok(owners),
            }
        }
    }

    fn check_row(&self, key: &[u8], table: &str, row: &[u8], checked: &mut Checked) {
        let Ok((version, json)) = self.inner().envelope.open(key, row) else {
            return checked.wrong(key, "its check is wrong: it is not as it was written");
        };
        if version == 0 {
            checked.wrong(key, "it has the version of a row that does not exist");
        }
        if !has_shape(table, &json) {
            checked.wrong(key, "this build cannot read it: it is not of its table");
        }
    }

    /// The bytes of every connector are there, and are the ones that were uploaded.
    pub(super) fn check_connectors(
        &self,
        tenant: &TenantId,
        checked: &mut Checked,
    ) -> Result<(), StoreError> {
        self.sound::<Connector>(&keys::connectors(tenant), |key, _, row| {
            if let Err(error) = self.component(&row.value.digest) {
                checked.wrong(key, error.to_string());
            }
            Ok(())
        })
    }

    pub(super) fn check_audit(&self, owners: &Owners, checked: &mut Checked) -> Result<(), StoreError> {
        let tenants = owners.iter().cloned().map(Chain::Tenant);
        for chain in std::iter::once(Chain::Host).chain(tenants) {
            if let Err(broken) = self.verify_audit(&chain, None)? {
                checked.wrong(
                    keys::audit_entry(&chain, broken.number).bytes(),
                    format!("the audit trail does not hold: {}", broken.wrong),
                );
            }
        }
        Ok(())
    }
}

/// A table that this build does not know by its type still holds JSON.
fn has_shape(table: &str, json: &[u8]) -> bool {
    match table {
        "tenants" => is::<Tenant>(json),
        "tokens" => is::<Token>(json),
        "connectors" => is::<Connector>(json),
        "profiles" => is::<Profile>(json),
        "observations" => is::<Observation>(json),
        "recordings" => is::<Recording>(json),
        "cassettes" => is::<Kept>(json),
        "cassette-pieces" => is::<Sealed>(json),
        "flows" => is::<Flow>(json),
        "flow-states" => is::<FlowState>(json),
        "runs" => is::<Run>(json),
        "outbox" => is::<Parcel>(json),
        "seen" => is::<Seen>(json),
        "dead-letters" => is::<DeadLetter>(json),
        "logs" => is::<LogEntry>(json),
        "secrets" => is::<SealedSecret>(json),
        "data-key" | "newest-secrets" => is::<Sealed>(json),
        "policy" => is::<Policy>(json),
        "audit" => is::<Entry>(json),
        "audit-head" => is::<Head>(json),
        _ => is::<IgnoredAny>(json),
    }
}

fn is<T: DeserializeOwned>(json: &[u8]) -> bool {
    serde_json::from_slice::<T>(json).is_ok()
}
