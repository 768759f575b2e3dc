//! Invoices: drafted with their lines, items added, invoices voided.

use std::collections::BTreeMap;

use lockgate_sdk::http::{self, Request};
use lockgate_sdk::{Error, Input, Value, json};
use serde::Deserialize;

use crate::api::{self, Api, Form};
use crate::customers::{self, Wanted};
use crate::{key, read};

const PATH: &str = "/v1/invoices";
const ITEMS_PATH: &str = "/v1/invoiceitems";

/// Stripe takes at most so many lines on an invoice.
const LINES: usize = 250;

/// An invoice to draft.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    #[serde(default)]
    customer: Option<Wanted>,
    #[serde(default)]
    customer_id: Option<String>,
    currency: String,
    #[serde(default)]
    lines: Vec<Line>,
    #[serde(default)]
    metadata: BTreeMap<String, Option<String>>,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    pending_items: Pending,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    amount_cents: i64,
    #[serde(default)]
    description: Option<String>,
}

/// What becomes of the customer's items that are on no invoice yet.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Pending {
    #[default]
    Exclude,
    Include,
}

/// An invoice that exists, as far as the next stage needs it.
#[derive(Deserialize)]
struct Drafted {
    id: String,
    #[serde(default)]
    total: i64,
}

/// Drafts one invoice an input, in at most four rounds: find the customers, create the missing ones, draft the invoices,
/// add the lines. An attempt that stopped between two rounds is completed by the next: all keys come from the input.
pub(crate) fn create(api: &Api, inputs: &[Input]) -> Vec<Result<Value, Error>> {
    let orders: Vec<Result<Order, Error>> = inputs.iter().map(order).collect();
    let customers =
        customers::find_or_create(api, orders.iter().flatten().filter_map(|order| order.customer.as_ref()));
    let ready: Vec<Result<(&Order, String), Error>> = orders
        .iter()
        .map(|order| {
            let order = order.as_ref().map_err(Error::clone)?;
            Ok((order, customer_of(order, &customers)?))
        })
        .collect();

    let requests = inputs.iter().zip(&ready).map(|(input, ready)| {
        let (order, customer) = ready.as_ref().map_err(Error::clone)?;
        Ok(api.post(PATH, &order.form(customer), &key::of_step(&input.key, "invoice")))
    });
    let drafts: Vec<Result<Drafted, Error>> =
        http::send_each(requests.collect()).into_iter().map(|answer| api::settle(&answer?)).collect();

    let mut places = Vec::new();
    let mut requests = Vec::new();
    for (place, ((input, ready), draft)) in inputs.iter().zip(&ready).zip(&drafts).enumerate() {
        let (Ok((order, customer)), Ok(draft)) = (ready, draft) else { continue };
        for (number, line) in order.lines.iter().enumerate() {
            let item = Item { customer, invoice: Some(&draft.id), currency: &order.currency, line };
            places.push(place);
            requests.push(Ok(item.request(api, &key::of_step(&input.key, &format!("line/{number}")))));
        }
    }
    let mut refused: BTreeMap<usize, Error> = BTreeMap::new();
    for (place, answer) in places.into_iter().zip(http::send_each(requests)) {
        if let Err(error) = answer.and_then(|answer| api::check(&answer)) {
            refused.entry(place).or_insert(error);
        }
    }

    ready
        .into_iter()
        .zip(drafts)
        .enumerate()
        .map(|(place, (ready, draft))| {
            let ((order, customer), draft) = (ready?, draft?);
            match refused.remove(&place) {
                Some(error) => Err(error),
                None => Ok(json!({
                    "invoice_id": draft.id,
                    "customer_id": customer,
                    "amount_cents": draft.total + order.total(),
                })),
            }
        })
        .collect()
}

fn order(input: &Input) -> Result<Order, Error> {
    let order: Order = read(input)?;
    if order.customer.is_some() == order.customer_id.is_some() {
        return Err(Error::invalid("an invoice needs either a customer or a customer_id"));
    }
    if order.lines.is_empty() && order.pending_items == Pending::Exclude {
        return Err(Error::invalid("an invoice needs lines, or pending_items to include"));
    }
    if order.lines.len() > LINES {
        return Err(Error::invalid(format!("an invoice has at most {LINES} lines")));
    }
    Ok(order)
}

fn customer_of(order: &Order, customers: &BTreeMap<String, Result<String, Error>>) -> Result<String, Error> {
    match (&order.customer_id, &order.customer) {
        (Some(id), _) => Ok(id.clone()),
        (None, Some(wanted)) => customers
            .get(&wanted.email)
            .cloned()
            .unwrap_or_else(|| Err(Error::transient("the customer was not looked up"))),
        (None, None) => Err(Error::invalid("an invoice needs a customer")),
    }
}

impl Order {
    fn form(&self, customer: &str) -> Form {
        let mut form = Form::new();
        api::field(&mut form, "customer", Some(customer));
        // An invoice of pending items alone has their currency.
        if !self.lines.is_empty() {
            api::field(&mut form, "currency", Some(self.currency.to_ascii_lowercase()));
            api::field(&mut form, "auto_advance", Some("false"));
        }
        let pending = if self.pending_items == Pending::Include { "include" } else { "exclude" };
        api::field(&mut form, "pending_invoice_items_behavior", Some(pending));
        api::field(&mut form, "description", self.description.as_deref());
        api::metadata(&mut form, self.metadata.iter());
        form
    }

    /// The sum of the lines. The API has refused what would not fit.
    fn total(&self) -> i64 {
        self.lines.iter().fold(0, |sum, line| sum.saturating_add(line.amount_cents))
    }
}

/// An amount to add to an invoice, or to the next one.
struct Item<'a> {
    customer: &'a str,
    invoice: Option<&'a str>,
    currency: &'a str,
    line: &'a Line,
}

impl Item<'_> {
    fn request(&self, api: &Api, key: &str) -> Request {
        let mut form = Form::new();
        api::field(&mut form, "customer", Some(self.customer));
        api::field(&mut form, "invoice", self.invoice);
        api::field(&mut form, "amount", Some(self.line.amount_cents.to_string()));
        api::field(&mut form, "currency", Some(self.currency.to_ascii_lowercase()));
        api::field(&mut form, "description", self.line.description.as_deref());
        api.post(ITEMS_PATH, &form, key)
    }
}

/// Adds items that wait for their customers' next invoices.
pub(crate) fn create_items(api: &Api, inputs: &[Input]) -> Vec<Result<Value, Error>> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct New {
        customer_id: String,
        amount_cents: i64,
        currency: String,
        #[serde(default)]
        description: Option<String>,
    }

    let request = |input: &Input| {
        let New { customer_id, amount_cents, currency, description } = read(input)?;
        let line = Line { amount_cents, description };
        let item = Item { customer: &customer_id, invoice: None, currency: &currency, line: &line };
        Ok(item.request(api, &key::of_step(&input.key, "item")))
    };
    http::send_each(inputs.iter().map(request).collect())
        .into_iter()
        .map(|answer| Ok(json!({"invoice_item_id": api::text(&api::settle(&answer?)?, "id")?})))
        .collect()
}

/// Voids open invoices.
pub(crate) fn void(api: &Api, inputs: &[Input]) -> Vec<Result<Value, Error>> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wanted {
        invoice_id: String,
    }

    let request = |input: &Input| {
        let Wanted { invoice_id } = read(input)?;
        let path = format!("{PATH}/{}/void", http::segment(&invoice_id)?);
        Ok(api.post(&path, &Form::new(), &key::of_step(&input.key, "void")))
    };
    http::send_each(inputs.iter().map(request).collect())
        .into_iter()
        .map(|answer| {
            let invoice: Value = api::settle(&answer?)?;
            Ok(json!({"invoice_id": api::text(&invoice, "id")?, "status": api::text(&invoice, "status")?}))
        })
        .collect()
}
