//! Invoice items: an amount for a customer, on a draft invoice or pending until there is one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::invoices::{Invoice, Status};
use super::ledger::Ledger;
use super::page::{PageQuery, Row};
use super::params::{Params, Spec};
use super::refusal::Refusal;

/// Stripe takes eight digits in the smallest unit.
const AMOUNT_MAX: i64 = 99_999_999;

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct InvoiceItem {
    pub(super) id: String,
    date: i64,
    pub(super) customer: String,
    pub(super) invoice: Option<String>,
    pub(super) amount: i64,
    currency: String,
    description: Option<String>,
    metadata: BTreeMap<String, String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NewInvoiceItem {
    customer: String,
    invoice: Option<String>,
    amount: i64,
    currency: String,
    description: Option<String>,
    metadata: BTreeMap<String, String>,
}

pub(super) struct InvoiceItemList {
    page: PageQuery,
    customer: Option<String>,
    invoice: Option<String>,
    pending: Option<bool>,
}

impl Row for InvoiceItem {
    const PREFIX: &'static str = "ii";
    const NOUN: &'static str = "invoiceitem";

    fn id(&self) -> &str {
        &self.id
    }
}

impl NewInvoiceItem {
    pub(super) const SPEC: Spec = Spec {
        plain: &["customer", "invoice", "amount", "currency", "description"],
        metadata: true,
        address: false,
    };

    pub(super) fn read(params: Params) -> Result<Self, Refusal> {
        params.required("amount")?;
        params.required("currency")?;
        let amount = params.integer("amount")?.unwrap_or_default();
        if amount.abs() > AMOUNT_MAX {
            return Err(Refusal::invalid("amount_too_large", "at most 99999999").about("amount"));
        }
        Ok(Self {
            customer: params.required("customer")?,
            invoice: params.text("invoice"),
            amount,
            currency: params.currency()?.unwrap_or_default(),
            description: params.text("description"),
            metadata: params.metadata,
        })
    }
}

impl InvoiceItemList {
    pub(super) const SPEC: Spec = Spec {
        plain: &["limit", "starting_after", "ending_before", "customer", "invoice", "pending"],
        metadata: false,
        address: false,
    };

    pub(super) fn read(params: &Params) -> Result<Self, Refusal> {
        Ok(Self {
            page: PageQuery::read(params)?,
            customer: params.text("customer"),
            invoice: params.text("invoice"),
            pending: params.flag("pending")?,
        })
    }
}

impl Ledger {
    pub(super) fn create_item(&mut self, new: NewInvoiceItem) -> Result<Value, Refusal> {
        self.customers.named_by("customer", &new.customer)?;
        if let Some(id) = &new.invoice {
            new.fits(self.invoices.named_by("invoice", id)?)?;
        }
        let item = InvoiceItem {
            id: self.items.next_id(),
            date: self.stamp(),
            customer: new.customer,
            invoice: new.invoice,
            amount: new.amount,
            currency: new.currency,
            description: new.description,
            metadata: new.metadata,
        };
        if let Some(invoice) = item.invoice.as_deref().and_then(|id| self.invoices.get_mut(id)) {
            invoice.total += item.amount;
            invoice.items.push(item.id.clone());
        }
        let wire = item.wire();
        self.items.push(item);
        Ok(wire)
    }

    pub(super) fn list_items(&self, list: &InvoiceItemList) -> Result<Value, Refusal> {
        if let Some(customer) = &list.customer {
            self.customers.named_by("customer", customer)?;
        }
        if let Some(invoice) = &list.invoice {
            self.invoices.named_by("invoice", invoice)?;
        }
        let page = self.items.page(&list.page, |item| {
            list.customer.as_ref().is_none_or(|customer| *customer == item.customer)
                && (list.invoice.is_none() || list.invoice == item.invoice)
                && list.pending.is_none_or(|pending| pending == item.invoice.is_none())
        })?;
        Ok(page.wire("/v1/invoiceitems", InvoiceItem::wire))
    }
}

impl NewInvoiceItem {
    fn fits(&self, invoice: &Invoice) -> Result<(), Refusal> {
        if invoice.new.customer != self.customer {
            let message = "the invoice belongs to another customer";
            return Err(Refusal::invalid("parameter_invalid", message).about("invoice"));
        }
        if invoice.status != Status::Draft {
            let message = "an invoice that is no longer a draft takes no items";
            return Err(Refusal::invalid("invoice_not_editable", message).about("invoice"));
        }
        if invoice.new.currency != self.currency {
            let message = format!("the invoice is in {}", invoice.new.currency);
            return Err(Refusal::invalid("parameter_invalid", message).about("currency"));
        }
        Ok(())
    }
}

impl InvoiceItem {
    /// Whether a new invoice that includes what is pending takes this one.
    pub(super) fn joins(&self, invoice: &Invoice) -> bool {
        self.invoice.is_none()
            && self.customer == invoice.new.customer
            && self.currency == invoice.new.currency
    }

    pub(super) fn wire(&self) -> Value {
        json!({
            "id": self.id,
            "object": "invoiceitem",
            "amount": self.amount,
            "currency": self.currency,
            "customer": self.customer,
            "date": self.date,
            "description": self.description,
            "discountable": true,
            "invoice": self.invoice,
            "livemode": false,
            "metadata": self.metadata,
            "proration": false,
            "quantity": 1,
        })
    }

    /// The item as a line of its invoice.
    pub(super) fn line(&self) -> Value {
        json!({
            "id": self.id.replace("ii_", "il_"),
            "object": "line_item",
            "amount": self.amount,
            "currency": self.currency,
            "description": self.description,
            "invoice": self.invoice,
            "livemode": false,
            "metadata": self.metadata,
            "quantity": 1,
        })
    }
}
