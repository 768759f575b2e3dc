//! Which endpoint a request means, with its parameters read: nothing that is malformed gets past this file.

use serde_json::Value;

use super::customers::{Customer, CustomerList, NewCustomer};
use super::invoice_items::{InvoiceItemList, NewInvoiceItem};
use super::invoices::{InvoiceList, NewInvoice};
use super::ledger::Ledger;
use super::params::{Params, Spec};
use super::refunds::NewRefund;
use super::refusal::Refusal;
use crate::call::Call;

type Pairs = Vec<(String, String)>;

const NOTHING: Spec = Spec { plain: &[], metadata: false, address: false };

/// A request that changes nothing.
pub(super) enum Read {
    Customer(String),
    Customers(CustomerList),
    Invoice(String),
    Invoices(InvoiceList),
    InvoiceItems(InvoiceItemList),
    Balance,
}

/// A request that changes the books, and may be repeated under its idempotency key.
pub(super) enum Write {
    CreateCustomer(NewCustomer),
    CreateInvoice(NewInvoice),
    FinalizeInvoice(String),
    VoidInvoice(String),
    CreateInvoiceItem(NewInvoiceItem),
    CreateRefund(NewRefund),
}

impl Read {
    pub(super) fn parse(call: &Call, pairs: Pairs) -> Result<Self, Refusal> {
        let params = |spec| Params::read(pairs, spec);
        Ok(match call.segments().as_slice() {
            ["v1", "customers"] => Self::Customers(CustomerList::read(&params(CustomerList::SPEC)?)?),
            ["v1", "customers", id] => params(NOTHING).map(|_| Self::Customer((*id).to_owned()))?,
            ["v1", "invoices"] => Self::Invoices(InvoiceList::read(&params(InvoiceList::SPEC)?)?),
            ["v1", "invoices", id] => params(NOTHING).map(|_| Self::Invoice((*id).to_owned()))?,
            ["v1", "invoiceitems"] => {
                Self::InvoiceItems(InvoiceItemList::read(&params(InvoiceItemList::SPEC)?)?)
            }
            ["v1", "balance"] => params(NOTHING).map(|_| Self::Balance)?,
            _ => return Err(Refusal::unknown_url("GET", &call.path)),
        })
    }

    pub(super) fn perform(&self, ledger: &Ledger) -> Result<Value, Refusal> {
        match self {
            Self::Customer(id) => ledger.customers.at(id).map(Customer::wire),
            Self::Customers(list) => ledger.list_customers(list),
            Self::Invoice(id) => ledger.read_invoice(id),
            Self::Invoices(list) => ledger.list_invoices(list),
            Self::InvoiceItems(list) => ledger.list_items(list),
            Self::Balance => Ok(ledger.balance()),
        }
    }
}

impl Write {
    pub(super) fn parse(call: &Call, pairs: Pairs) -> Result<Self, Refusal> {
        let params = |spec| Params::read(pairs, spec);
        Ok(match call.segments().as_slice() {
            ["v1", "customers"] => Self::CreateCustomer(NewCustomer::read(params(NewCustomer::SPEC)?)?),
            ["v1", "invoices"] => Self::CreateInvoice(NewInvoice::read(params(NewInvoice::SPEC)?)?),
            ["v1", "invoices", id, "finalize"] => {
                params(NOTHING).map(|_| Self::FinalizeInvoice((*id).to_owned()))?
            }
            ["v1", "invoices", id, "void"] => params(NOTHING).map(|_| Self::VoidInvoice((*id).to_owned()))?,
            ["v1", "invoiceitems"] => {
                Self::CreateInvoiceItem(NewInvoiceItem::read(params(NewInvoiceItem::SPEC)?)?)
            }
            ["v1", "refunds"] => Self::CreateRefund(NewRefund::read(params(NewRefund::SPEC)?)?),
            _ => return Err(Refusal::unknown_url("POST", &call.path)),
        })
    }

    pub(super) fn perform(
        self,
        ledger: &mut Ledger,
        idempotency_key: Option<&str>,
    ) -> Result<Value, Refusal> {
        match self {
            Self::CreateCustomer(new) => Ok(ledger.create_customer(new)),
            Self::CreateInvoice(new) => ledger.create_invoice(new, idempotency_key.map(str::to_owned)),
            Self::FinalizeInvoice(id) => ledger.finalize_invoice(&id),
            Self::VoidInvoice(id) => ledger.void_invoice(&id),
            Self::CreateInvoiceItem(new) => ledger.create_item(new),
            Self::CreateRefund(new) => ledger.create_refund(new),
        }
    }
}
