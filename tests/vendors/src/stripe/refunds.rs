//! Refunds of the one charge this account has, so that an unwanted refund would really cost something.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::ledger::Ledger;
use super::page::Row;
use super::params::{Params, Spec};
use super::refusal::Refusal;

/// The charge that every account begins with.
pub const DEMO_CHARGE: &str = "ch_00000000000001";
const CHARGE_CENTS: i64 = 100_000;
const CHARGE_CURRENCY: &str = "eur";

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Refund {
    id: String,
    created: i64,
    pub(super) amount: i64,
    reason: Option<String>,
    metadata: BTreeMap<String, String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NewRefund {
    charge: String,
    amount: Option<i64>,
    reason: Option<String>,
    metadata: BTreeMap<String, String>,
}

impl Row for Refund {
    const PREFIX: &'static str = "re";
    const NOUN: &'static str = "refund";

    fn id(&self) -> &str {
        &self.id
    }
}

impl NewRefund {
    pub(super) const SPEC: Spec =
        Spec { plain: &["charge", "amount", "reason"], metadata: true, address: false };

    pub(super) fn read(params: Params) -> Result<Self, Refusal> {
        Ok(Self {
            charge: params.required("charge")?,
            amount: params.integer("amount")?,
            reason: params.one_of("reason", &["duplicate", "fraudulent", "requested_by_customer"])?,
            metadata: params.metadata,
        })
    }
}

impl Ledger {
    pub(super) fn create_refund(&mut self, new: NewRefund) -> Result<Value, Refusal> {
        if new.charge != DEMO_CHARGE {
            return Err(Refusal::no_such_in("charge", "charge", &new.charge));
        }
        let left = CHARGE_CENTS - self.refunded_cents();
        let amount = new.amount.unwrap_or(left);
        if left == 0 {
            return Err(Refusal::invalid(
                "charge_already_refunded",
                "nothing of the charge is left to refund",
            ));
        }
        if !(1..=left).contains(&amount) {
            return Err(Refusal::invalid("parameter_invalid_integer", "not what is left of the charge")
                .about("amount"));
        }
        let refund = Refund {
            id: self.refunds.next_id(),
            created: self.stamp(),
            amount,
            reason: new.reason,
            metadata: new.metadata,
        };
        let wire = refund.wire();
        self.refunds.push(refund);
        Ok(wire)
    }

    pub(super) fn refunded_cents(&self) -> i64 {
        self.refunds.rows().iter().map(|refund| refund.amount).sum()
    }

    pub(super) fn balance(&self) -> Value {
        let available = CHARGE_CENTS - self.refunded_cents();
        json!({
            "object": "balance",
            "available": [{
                "amount": available,
                "currency": CHARGE_CURRENCY,
                "source_types": { "card": available },
            }],
            "livemode": false,
            "pending": [{ "amount": 0, "currency": CHARGE_CURRENCY, "source_types": { "card": 0 } }],
        })
    }
}

impl Refund {
    fn wire(&self) -> Value {
        json!({
            "id": self.id,
            "object": "refund",
            "amount": self.amount,
            "charge": DEMO_CHARGE,
            "created": self.created,
            "currency": CHARGE_CURRENCY,
            "metadata": self.metadata,
            "reason": self.reason,
            "status": "succeeded",
        })
    }
}
