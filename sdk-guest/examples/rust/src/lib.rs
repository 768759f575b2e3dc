//! Tickets of a help desk: one connector, written in three languages for comparison. This one is in Rust.
#![expect(clippy::indexing_slicing, reason = "an index into JSON gives null where there is nothing")]

mod description;

use lockgate_sdk::http::{Request, Response, segment, send_each};
use lockgate_sdk::manifest::Manifest;
use lockgate_sdk::{Connector, Error, Inbound, Input, Page, Record, Value, json, logging, profile};
use serde::{Deserialize, Serialize};

/// The connector.
pub struct Desk;

/// A ticket as flows see it.
#[derive(Serialize, Deserialize)]
struct Ticket {
    id: String,
    subject: String,
    status: String,
    updated_at: String,
}

/// One page of the desk's list.
#[derive(Deserialize)]
struct Listed {
    tickets: Vec<Ticket>,
    last: Option<String>,
    has_more: bool,
}

#[derive(Deserialize)]
struct Event {
    r#type: String,
    ticket: Option<Ticket>,
}

#[derive(Deserialize)]
struct Config {
    base_url: Option<String>,
}

impl Connector for Desk {
    fn describe() -> Manifest {
        description::manifest()
    }

    fn check() -> Result<(), Error> {
        Request::get(url("/v1/me")?).send()?.error_for_status().map(|_| ())
    }

    fn run(action: &str, inputs: Vec<Input>) -> Vec<Result<Value, Error>> {
        let requests = inputs.iter().map(|input| match action {
            "get_ticket" => get_ticket(input),
            "create_ticket" => create_ticket(input),
            _ => Err(Error::unknown("action", action)),
        });
        send_each(requests.collect()).into_iter().map(|answer| ticket(answer?)).collect()
    }

    /// The desk lists tickets by the time of their last change, and says after which one the next page begins.
    fn poll(trigger: &str, cursor: Option<Value>) -> Result<Page, Error> {
        if trigger != "tickets" {
            return Err(Error::unknown("trigger", trigger));
        }
        let request = Request::get(url("/v1/tickets")?).query("limit", "2");
        let request = match cursor.as_ref().and_then(Value::as_str) {
            Some(after) => request.query("after", after),
            None => request,
        };
        let listed: Listed = request.send()?.error_for_status()?.json()?;
        let records = listed.tickets.into_iter().map(record).collect();
        Ok(Page { records, next: listed.last.map(Value::from), more: listed.has_more })
    }

    fn receive(hook: &str, event: Inbound) -> Result<Vec<Record>, Error> {
        if hook != "ticket_events" {
            return Err(Error::unknown("hook", hook));
        }
        match event.json()? {
            Event { r#type, ticket: Some(changed) } if r#type.starts_with("ticket.") => {
                Ok(vec![record(changed)])
            }
            Event { r#type, .. } => {
                logging::log(logging::Level::Debug, "an event that is of no interest", &[("type", &r#type)]);
                Ok(Vec::new())
            }
        }
    }
}

fn get_ticket(input: &Input) -> Result<Request, Error> {
    let id = input.body["id"].as_str().ok_or_else(|| Error::invalid("no id"))?;
    Ok(Request::get(url(&format!("/v1/tickets/{}", segment(id)?))?))
}

/// The input's key is the same on every attempt: the desk recognises it, and makes one ticket.
fn create_ticket(input: &Input) -> Result<Request, Error> {
    let subject = input.body["subject"].as_str().unwrap_or_default();
    if subject.trim().is_empty() {
        return Err(Error::invalid("a ticket needs a subject"));
    }
    let request = Request::post(url("/v1/tickets")?).json(&json!({ "subject": subject }))?;
    Ok(request.idempotency_key("Idempotency-Key", &input.key))
}

fn ticket(answer: Response) -> Result<Value, Error> {
    let ticket: Ticket = answer.error_for_status()?.json()?;
    Ok(json!(ticket))
}

fn record(ticket: Ticket) -> Record {
    Record { key: format!("{}@{}", ticket.id, ticket.updated_at), body: json!(ticket) }
}

fn url(path: &str) -> Result<String, Error> {
    let Config { base_url } = profile::config()?;
    Ok(base_url.unwrap_or_else(|| "https://api.desk.example".to_owned()) + path)
}

lockgate_sdk::export!(Desk);
