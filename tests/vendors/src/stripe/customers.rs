//! Customers: created, read, listed by email.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::ledger::Ledger;
use super::page::{PageQuery, Row};
use super::params::{Params, Spec};
use super::refusal::Refusal;

const EMAIL_MAX: usize = 512;

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Customer {
    pub(super) id: String,
    created: i64,
    pub(super) new: NewCustomer,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct NewCustomer {
    pub(super) email: Option<String>,
    pub(super) name: Option<String>,
    description: Option<String>,
    phone: Option<String>,
    address: BTreeMap<String, String>,
    pub(super) metadata: BTreeMap<String, String>,
}

pub(super) struct CustomerList {
    page: PageQuery,
    email: Option<String>,
}

impl Row for Customer {
    const PREFIX: &'static str = "cus";
    const NOUN: &'static str = "customer";

    fn id(&self) -> &str {
        &self.id
    }
}

impl NewCustomer {
    pub(super) const SPEC: Spec =
        Spec { plain: &["email", "name", "description", "phone"], metadata: true, address: true };

    pub(super) fn read(params: Params) -> Result<Self, Refusal> {
        let email = params.text("email");
        if email.as_deref().is_some_and(|email| !is_email(email)) {
            return Err(Refusal::invalid("email_invalid", "not an email address").about("email"));
        }
        Ok(Self {
            email,
            name: params.text("name"),
            description: params.text("description"),
            phone: params.text("phone"),
            address: params.address,
            metadata: params.metadata,
        })
    }
}

fn is_email(text: &str) -> bool {
    let parts = text.split_once('@');
    text.len() <= EMAIL_MAX
        && !text.contains(char::is_whitespace)
        && parts.is_some_and(|(user, host)| !user.is_empty() && !host.is_empty() && !host.contains('@'))
}

impl CustomerList {
    pub(super) const SPEC: Spec = Spec {
        plain: &["limit", "starting_after", "ending_before", "email"],
        metadata: false,
        address: false,
    };

    pub(super) fn read(params: &Params) -> Result<Self, Refusal> {
        Ok(Self { page: PageQuery::read(params)?, email: params.text("email") })
    }
}

impl Ledger {
    pub(super) fn create_customer(&mut self, new: NewCustomer) -> Value {
        let customer = Customer { id: self.customers.next_id(), created: self.stamp(), new };
        let wire = customer.wire();
        self.customers.push(customer);
        wire
    }

    pub(super) fn list_customers(&self, list: &CustomerList) -> Result<Value, Refusal> {
        let email = list.email.as_ref();
        let page = self
            .customers
            .page(&list.page, |customer| email.is_none() || customer.new.email.as_ref() == email)?;
        Ok(page.wire("/v1/customers", Customer::wire))
    }
}

impl Customer {
    pub(super) fn wire(&self) -> Value {
        let new = &self.new;
        json!({
            "id": self.id,
            "object": "customer",
            "address": (!new.address.is_empty()).then_some(&new.address),
            "balance": 0,
            "created": self.created,
            "currency": null,
            "delinquent": false,
            "description": new.description,
            "email": new.email,
            "livemode": false,
            "metadata": new.metadata,
            "name": new.name,
            "phone": new.phone,
        })
    }
}
