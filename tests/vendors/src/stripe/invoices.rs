//! Invoices: drafted for a customer, filled with items, finalized, voided.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::ledger::Ledger;
use super::page::{PageQuery, Row};
use super::params::{Params, Spec};
use super::refusal::Refusal;

/// The currency of the account, for invoices that name none.
const ACCOUNT_CURRENCY: &str = "usd";
/// As many lines as an invoice shows of itself; the rest is behind `/v1/invoiceitems?invoice=`.
const LINES_SHOWN: usize = 10;

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Invoice {
    pub(super) id: String,
    created: i64,
    pub(super) new: NewInvoice,
    pub(super) status: Status,
    pub(super) total: i64,
    pub(super) items: Vec<String>,
    pub(super) idempotency_key: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Status {
    Draft,
    Open,
    Paid,
    Void,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct NewInvoice {
    pub(super) customer: String,
    pub(super) currency: String,
    description: Option<String>,
    pub(super) metadata: BTreeMap<String, String>,
    auto_advance: bool,
    include_pending: bool,
    collection_method: String,
    days_until_due: Option<i64>,
}

pub(super) struct InvoiceList {
    page: PageQuery,
    customer: Option<String>,
    status: Option<String>,
}

impl Row for Invoice {
    const PREFIX: &'static str = "in";
    const NOUN: &'static str = "invoice";

    fn id(&self) -> &str {
        &self.id
    }
}

impl Status {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Open => "open",
            Self::Paid => "paid",
            Self::Void => "void",
        }
    }
}

impl NewInvoice {
    pub(super) const SPEC: Spec = Spec {
        plain: &[
            "customer",
            "currency",
            "description",
            "auto_advance",
            "pending_invoice_items_behavior",
            "collection_method",
            "days_until_due",
        ],
        metadata: true,
        address: false,
    };

    pub(super) fn read(params: Params) -> Result<Self, Refusal> {
        let method = params.one_of("collection_method", &["charge_automatically", "send_invoice"])?;
        let collection_method = method.unwrap_or_else(|| "charge_automatically".to_owned());
        let days_until_due = params.integer("days_until_due")?;
        if (collection_method == "send_invoice") != days_until_due.is_some_and(|days| days >= 0) {
            let message = "days_until_due belongs to the collection method send_invoice, which needs it";
            return Err(Refusal::invalid("parameter_invalid", message).about("days_until_due"));
        }
        let pending = params.one_of("pending_invoice_items_behavior", &["exclude", "include"])?;
        Ok(Self {
            customer: params.required("customer")?,
            currency: params.currency()?.unwrap_or_else(|| ACCOUNT_CURRENCY.to_owned()),
            description: params.text("description"),
            auto_advance: params.flag("auto_advance")?.unwrap_or(false),
            include_pending: pending.as_deref() == Some("include"),
            collection_method,
            days_until_due,
            metadata: params.metadata,
        })
    }
}

impl InvoiceList {
    pub(super) const SPEC: Spec = Spec {
        plain: &["limit", "starting_after", "ending_before", "customer", "status"],
        metadata: false,
        address: false,
    };

    pub(super) fn read(params: &Params) -> Result<Self, Refusal> {
        Ok(Self {
            page: PageQuery::read(params)?,
            customer: params.text("customer"),
            status: params.one_of("status", &["draft", "open", "paid", "uncollectible", "void"])?,
        })
    }
}

impl Ledger {
    pub(super) fn create_invoice(
        &mut self,
        new: NewInvoice,
        idempotency_key: Option<String>,
    ) -> Result<Value, Refusal> {
        self.customers.named_by("customer", &new.customer)?;
        let mut invoice = Invoice {
            id: self.invoices.next_id(),
            created: self.stamp(),
            status: Status::Draft,
            total: 0,
            items: Vec::new(),
            idempotency_key,
            new,
        };
        if invoice.new.include_pending {
            for item in self.items.rows_mut() {
                if item.joins(&invoice) {
                    item.invoice = Some(invoice.id.clone());
                    invoice.total += item.amount;
                    invoice.items.push(item.id.clone());
                }
            }
        }
        let wire = self.invoice_wire(&invoice);
        self.invoices.push(invoice);
        Ok(wire)
    }

    pub(super) fn finalize_invoice(&mut self, id: &str) -> Result<Value, Refusal> {
        self.move_invoice(id, &[Status::Draft], |total| if total == 0 { Status::Paid } else { Status::Open })
    }

    /// A draft cannot be voided: until it is finalized there is nothing that anybody owes.
    pub(super) fn void_invoice(&mut self, id: &str) -> Result<Value, Refusal> {
        self.move_invoice(id, &[Status::Open], |_| Status::Void)
    }

    fn move_invoice(
        &mut self,
        id: &str,
        from: &[Status],
        to: impl Fn(i64) -> Status,
    ) -> Result<Value, Refusal> {
        let invoice = self.invoices.get_mut(id).ok_or_else(|| Refusal::no_such(Invoice::NOUN, id))?;
        if !from.contains(&invoice.status) {
            let message = format!("this cannot be done to an invoice that is {}", invoice.status.name());
            return Err(Refusal::invalid("invoice_not_editable", message));
        }
        invoice.status = to(invoice.total);
        self.read_invoice(id)
    }

    pub(super) fn read_invoice(&self, id: &str) -> Result<Value, Refusal> {
        self.invoices.at(id).map(|invoice| self.invoice_wire(invoice))
    }

    pub(super) fn list_invoices(&self, list: &InvoiceList) -> Result<Value, Refusal> {
        if let Some(customer) = &list.customer {
            self.customers.named_by("customer", customer)?;
        }
        let page = self.invoices.page(&list.page, |invoice| {
            list.customer.as_ref().is_none_or(|customer| *customer == invoice.new.customer)
                && list.status.as_ref().is_none_or(|status| *status == invoice.status.name())
        })?;
        Ok(page.wire("/v1/invoices", |invoice| self.invoice_wire(invoice)))
    }

    fn invoice_wire(&self, invoice: &Invoice) -> Value {
        let new = &invoice.new;
        let customer = self.customers.get(&new.customer);
        let owed = if invoice.status == Status::Void { 0 } else { invoice.total };
        let lines = invoice
            .items
            .iter()
            .take(LINES_SHOWN)
            .filter_map(|id| self.items.get(id))
            .map(|item| item.line());
        json!({
            "id": invoice.id,
            "object": "invoice",
            "amount_due": owed,
            "amount_paid": 0,
            "amount_remaining": owed,
            "auto_advance": new.auto_advance,
            "collection_method": new.collection_method,
            "created": invoice.created,
            "currency": new.currency,
            "customer": new.customer,
            "customer_email": customer.map(|customer| &customer.new.email),
            "customer_name": customer.map(|customer| &customer.new.name),
            "description": new.description,
            "lines": {
                "object": "list",
                "data": lines.collect::<Vec<_>>(),
                "has_more": invoice.items.len() > LINES_SHOWN,
                "total_count": invoice.items.len(),
                "url": format!("/v1/invoices/{}/lines", invoice.id),
            },
            "livemode": false,
            "metadata": new.metadata,
            "number": (invoice.status != Status::Draft).then(|| invoice.id.replace("in_", "LOCKGATE-")),
            "status": invoice.status.name(),
            "subtotal": invoice.total,
            "total": invoice.total,
        })
    }
}
