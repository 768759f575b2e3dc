//! A Stripe account: authenticates, keeps idempotency keys, applies requests to its books.
//!
//! What is saved under a key follows Stripe: nothing for a request that was malformed or never reached the books (an
//! injected status included), everything for a request that did, refusals and injected failures after processing too.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::daybook::Daybook;
use super::idempotency::{KEY_MAX, Saved, Turn, fingerprint};
use super::ledger::Ledger;
use super::params::read_pairs;
use super::refusal::Refusal;
use super::route::{Read, Write};
use super::{CustomerSeen, InvoiceSeen, StripeOptions};
use crate::answer::Answer;
use crate::call::{Call, pairs};
use crate::front::{Mishap, Vendor};

pub(super) struct Account {
    key: String,
    require_idempotency_key: bool,
    /// One lock for all, so that an effect, its saved answer and its entry are never apart.
    books: Mutex<Books>,
    /// Under which keys an invoice was asked for, by the deal that it is for.
    asked: Mutex<Asked>,
}

/// Keys by the `deal_id` of an invoice's metadata.
type Asked = BTreeMap<String, BTreeSet<String>>;

#[derive(Default)]
struct Books {
    ledger: Ledger,
    saved: Saved,
    /// None for books that end with the process.
    daybook: Option<Daybook>,
}

impl Vendor for Account {
    async fn answer(&self, call: &Call, mishap: Mishap) -> Answer {
        self.note_key(call);
        let request_id = request_id(call);
        let answer = match self.serve(call, mishap).await {
            Ok(answer) => answer,
            Err(refusal) => refusal.answer(&request_id),
        };
        dressed(answer, call)
    }

    fn refuse(&self, call: &Call, status: u16) -> Answer {
        self.note_key(call);
        dressed(injected(call, status), call)
    }
}

impl Account {
    pub(super) fn new(options: &StripeOptions) -> io::Result<Self> {
        let account = Self {
            key: options.key.clone(),
            require_idempotency_key: options.require_idempotency_key,
            books: Mutex::default(),
            asked: Mutex::default(),
        };
        if let Some(path) = &options.daybook {
            account.continue_from(path)?;
        }
        Ok(account)
    }

    /// Enters again what an earlier process entered, and goes on in the same file.
    fn continue_from(&self, path: &Path) -> io::Result<()> {
        let (entries, daybook) = Daybook::open(path)?;
        for entry in entries {
            let status_after = entry.status_after;
            let call = entry.call();
            // An entry was accepted once; if it is refused now, the file is not one of ours.
            let refused =
                |_| io::Error::new(io::ErrorKind::InvalidData, "the biller's daybook cannot be read");
            let posting = Posting::read(&call).map_err(refused)?;
            let key = self.idempotency_key(&call).map_err(refused)?;
            self.enter(&call, posting, key, status_after);
        }
        self.books().daybook = Some(daybook);
        Ok(())
    }

    async fn serve(&self, call: &Call, mishap: Mishap) -> Result<Answer, Refusal> {
        self.authenticate(call)?;
        check_version(call)?;
        if call.body.is_none() {
            let message = "the body is too large or did not arrive whole";
            return Err(Refusal::with(413, "invalid_request_error", message));
        }
        match call.method.as_str() {
            "GET" => {
                let read = Read::parse(call, call.query_pairs())?;
                mishap.pause().await;
                let answer = read.perform(&self.books().ledger).map(|body| Answer::json(200, &body));
                mishap.status_after.map_or(answer, |status| Ok(injected(call, status)))
            }
            "POST" => self.write(call, mishap).await,
            other => Err(Refusal::unknown_url(other, &call.path)),
        }
    }

    async fn write(&self, call: &Call, mishap: Mishap) -> Result<Answer, Refusal> {
        let key = self.idempotency_key(call)?;
        let posting = Posting::read(call)?;
        if let Some(key) = key
            && let Turn::Replay(answer) = self.books().saved.claim(key, &posting.fingerprint)?
        {
            return Ok(answer);
        }
        mishap.pause().await;
        Ok(self.enter(call, posting, key, mishap.status_after))
    }

    /// Applies a write to the books, saves its answer and notes it in the daybook, all under one lock.
    fn enter(&self, call: &Call, posting: Posting, key: Option<&str>, status_after: Option<u16>) -> Answer {
        let request_id = request_id(call);
        let mut books = self.books();
        let mut answer = match posting.write.perform(&mut books.ledger, key) {
            Ok(body) => Answer::json(200, &body),
            Err(refusal) => refusal.answer(&request_id),
        };
        if let Some(status) = status_after {
            answer = injected(call, status);
        }
        if let Some(key) = key {
            books.saved.save(key, posting.fingerprint, &answer, &request_id);
        }
        if let Some(daybook) = &mut books.daybook
            && daybook.note(call, status_after).is_err()
        {
            return injected(call, 500);
        }
        answer
    }

    fn authenticate(&self, call: &Call) -> Result<(), Refusal> {
        let refuse = |message: &str| Err(Refusal::with(401, "invalid_request_error", message));
        let Some((scheme, value)) = call.authorization() else {
            return refuse("the request carries no API key: send it as a bearer, or as the user of Basic");
        };
        let known = match scheme.as_str() {
            "bearer" => value == self.key,
            "basic" => STANDARD.decode(value).is_ok_and(|user| user == format!("{}:", self.key).as_bytes()),
            _ => false,
        };
        if known { Ok(()) } else { refuse("the API key is not one of this account") }
    }

    fn idempotency_key<'a>(&self, call: &'a Call) -> Result<Option<&'a str>, Refusal> {
        match call.header("idempotency-key") {
            Some(key) if (1..=KEY_MAX).contains(&key.len()) => Ok(Some(key)),
            Some(_) => {
                let message = format!("an idempotency key has from 1 to {KEY_MAX} characters");
                Err(Refusal::with(400, "idempotency_error", message))
            }
            None if self.require_idempotency_key => {
                let message = "this account refuses a POST without an Idempotency-Key, which could be doubled by a retry";
                Err(Refusal::with(400, "idempotency_error", message))
            }
            None => Ok(None),
        }
    }

    /// Notes every key, also of a request that comes to nothing.
    fn note_key(&self, call: &Call) {
        if call.path != "/v1/invoices" {
            return;
        }
        let deal = pairs(call.bytes()).into_iter().find(|(name, _)| name == "metadata[deal_id]");
        if let (Some((_, deal)), Some(key)) = (deal, call.header("idempotency-key")) {
            let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
            asked.entry(deal).or_default().insert(key.to_owned());
        }
    }

    pub(super) fn keys_by_deal(&self) -> Asked {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn customers(&self) -> Vec<CustomerSeen> {
        let books = self.books();
        let seen = books.ledger.customers.rows().iter().map(|customer| CustomerSeen {
            id: customer.id.clone(),
            email: customer.new.email.clone(),
            name: customer.new.name.clone(),
            metadata: customer.new.metadata.clone(),
        });
        seen.collect()
    }

    pub(super) fn invoices(&self) -> Vec<InvoiceSeen> {
        let books = self.books();
        let ledger = &books.ledger;
        let seen = ledger.invoices.rows().iter().map(|invoice| InvoiceSeen {
            id: invoice.id.clone(),
            customer_email: ledger
                .customers
                .get(&invoice.new.customer)
                .and_then(|customer| customer.new.email.clone()),
            currency: invoice.new.currency.clone(),
            status: invoice.status.name(),
            total_cents: invoice.total,
            metadata: invoice.new.metadata.clone(),
            idempotency_key: invoice.idempotency_key.clone(),
        });
        seen.collect()
    }

    pub(super) fn refunded_cents(&self) -> i64 {
        self.books().ledger.refunded_cents()
    }
}

/// A write that has been understood and not yet been entered.
struct Posting {
    fingerprint: String,
    write: Write,
}

impl Posting {
    fn read(call: &Call) -> Result<Self, Refusal> {
        let pairs = read_pairs(call)?;
        let fingerprint = fingerprint(&call.path, &pairs);
        Ok(Self { fingerprint, write: Write::parse(call, pairs)? })
    }
}

/// The version header is optional and does not change an answer, but a wrong one is noticed.
fn check_version(call: &Call) -> Result<(), Refusal> {
    let Some(version) = call.header("stripe-version") else { return Ok(()) };
    let date = version.split_once('.').map_or(version, |(date, _)| date);
    if date.len() == 10 && date.parse::<jiff::civil::Date>().is_ok() {
        return Ok(());
    }
    Err(Refusal::with(400, "invalid_request_error", "the Stripe-Version is not a date with an optional name"))
}

fn injected(call: &Call, status: u16) -> Answer {
    Refusal::injected(status)
        .answer(&request_id(call))
        .with("Stripe-Should-Retry", status == 429 || status >= 500)
}

fn dressed(answer: Answer, call: &Call) -> Answer {
    let answer = answer.with("Request-Id", request_id(call));
    match call.header("stripe-version") {
        Some(version) => answer.with("Stripe-Version", version),
        None => answer,
    }
}

fn request_id(call: &Call) -> String {
    format!("req_{:014}", call.ordinal)
}
