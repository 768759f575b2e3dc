//! A biller with books: customers by address, invoices, items, and answers saved under idempotency keys.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use lockgate_sdk::http::{Failure, FailureKind, Response, SendError, Sent};
use lockgate_sdk::{Connector, Error, Input, Value, json};

use super::with_transport_and_profile;
use crate::Stripe;

#[derive(Clone, Default)]
pub(super) struct Biller(Rc<RefCell<Books>>);

#[derive(Default)]
struct Books {
    sent: Vec<Sent>,
    customers: Vec<String>,
    invoices: usize,
    /// The amount of each item, and its invoice if it has one.
    items: Vec<(i64, Option<String>)>,
    saved: BTreeMap<String, (String, Response)>,
    /// The number of the request whose answer is lost.
    loses: usize,
    /// An address that somebody else registers between our search and our creation.
    racing: Option<String>,
}

pub(super) fn refusal(status: u16, kind: &str, code: &str) -> Response {
    let body = json!({"error": {"type": kind, "code": code, "message": "it is wrong"}});
    Response::new(status).with_body(body.to_string())
}

impl Biller {
    pub(super) fn run(&self, action: &str, inputs: Vec<Input>) -> Vec<Result<Value, Error>> {
        let books = Rc::clone(&self.0);
        with_transport_and_profile(
            move |sent| books.borrow_mut().answer(sent),
            || Stripe::run(action, inputs),
        )
    }

    pub(super) fn sent(&self) -> Vec<Sent> {
        self.0.borrow().sent.clone()
    }

    /// How many customers, invoices and items there are.
    pub(super) fn books(&self) -> (usize, usize, usize) {
        let books = self.0.borrow();
        (books.customers.len(), books.invoices, books.items.len())
    }

    pub(super) fn lose_answer(&self, number: usize) {
        self.0.borrow_mut().loses = number;
    }

    pub(super) fn create_behind_our_back(&self, email: &str) {
        self.0.borrow_mut().racing = Some(email.to_owned());
    }
}

impl Books {
    fn answer(&mut self, sent: &Sent) -> Result<Response, SendError> {
        self.sent.push(sent.clone());
        let answer = self.once(sent);
        if self.sent.len() == self.loses {
            return Err(SendError::Failed(Failure::new(FailureKind::Other, true, "the connection was cut")));
        }
        Ok(answer)
    }

    /// The same key gives the same answer, and has no second effect.
    fn once(&mut self, sent: &Sent) -> Response {
        let Some(key) = sent.header("idempotency-key").map(str::to_owned) else {
            assert_eq!(sent.method, "GET", "a write without a key");
            return self.process(sent);
        };
        assert!(key.len() <= 255);
        let asked = format!("{} {}", sent.path(), String::from_utf8_lossy(&sent.body));
        if sent.path() == "/v1/customers" && self.racing.is_some() {
            self.customers.extend(self.racing.take());
            return refusal(400, "idempotency_error", "");
        }
        match self.saved.get(&key) {
            Some((before, answer)) if *before == asked => answer.clone(),
            Some(_) => refusal(400, "idempotency_error", ""),
            None => {
                let answer = self.process(sent);
                self.saved.insert(key, (asked, answer.clone()));
                answer
            }
        }
    }

    fn process(&mut self, sent: &Sent) -> Response {
        let field = |name: &str| sent.field(name).unwrap_or_default();
        let body = match (&*sent.method, sent.path()) {
            ("GET", "/v1/customers") => {
                let email = sent.query("email").unwrap_or_default();
                let found = self.customers.iter().position(|known| *known == email);
                let data: Vec<Value> = found.into_iter().map(|place| customer(place + 1)).collect();
                json!({"object": "list", "has_more": false, "data": data})
            }
            ("POST", "/v1/customers") => {
                self.customers.push(field("email"));
                customer(self.customers.len())
            }
            ("POST", "/v1/invoices") => {
                self.invoices += 1;
                let id = format!("in_{}", self.invoices);
                let mut total = 0;
                if field("pending_invoice_items_behavior") == "include" {
                    for (amount, invoice) in self.items.iter_mut().filter(|(_, invoice)| invoice.is_none()) {
                        total += *amount;
                        *invoice = Some(id.clone());
                    }
                }
                json!({"id": id, "total": total})
            }
            ("POST", "/v1/invoiceitems") => {
                let amount = field("amount").parse().expect("an amount is a whole number");
                self.items.push((amount, sent.field("invoice")));
                json!({"id": format!("ii_{}", self.items.len())})
            }
            _ => return refusal(404, "invalid_request_error", "resource_missing"),
        };
        Response::new(200).with_body(body.to_string())
    }
}

fn customer(number: usize) -> Value {
    json!({"id": format!("cus_{number}"), "created": number})
}
