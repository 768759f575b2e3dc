//! Events that Stripe sends: each is named by its id, which is the same however often it is sent.

use lockgate_sdk::{Error, Inbound, Record, Value, json};
use serde::Deserialize;

#[derive(Deserialize)]
struct Event {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    created: i64,
    #[serde(default)]
    livemode: bool,
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    object: Value,
}

#[derive(Deserialize)]
struct Invoice {
    id: String,
    customer: Option<Value>,
    customer_email: Option<String>,
    number: Option<String>,
    currency: String,
    amount_paid: i64,
    #[serde(default)]
    metadata: Value,
    status_transitions: Option<Transitions>,
}

#[derive(Deserialize)]
struct Transitions {
    paid_at: Option<i64>,
}

/// Every event is one record.
pub(crate) fn all(event: &Inbound) -> Result<Vec<Record>, Error> {
    let event: Event = event.json()?;
    let body = json!({
        "event_id": event.id,
        "type": event.kind,
        "created": event.created,
        "livemode": event.livemode,
        "object": event.data.object,
    });
    Ok(vec![Record { key: event.id, body }])
}

/// An invoice is paid once: the record is named by the invoice, so that an event that Stripe makes twice counts once.
pub(crate) fn paid_invoices(event: &Inbound) -> Result<Vec<Record>, Error> {
    let event: Event = event.json()?;
    if event.kind != "invoice.paid" {
        return Ok(Vec::new());
    }
    let invoice = Invoice::deserialize(&event.data.object)
        .map_err(|error| Error::invalid(format!("the paid invoice is not what was expected: {error}")))?;
    let metadata = if invoice.metadata.is_object() { invoice.metadata } else { json!({}) };
    let paid_at = invoice.status_transitions.and_then(|transitions| transitions.paid_at);
    let body = json!({
        "invoice_id": invoice.id,
        "customer_id": invoice.customer.as_ref().and_then(id_of),
        "customer_email": invoice.customer_email,
        "number": invoice.number,
        "currency": invoice.currency,
        "amount_paid_cents": invoice.amount_paid,
        "paid_at": paid_at.unwrap_or(event.created),
        "metadata": metadata,
    });
    Ok(vec![Record { key: format!("{}/paid", invoice.id), body }])
}

/// Either the id, or the whole object where the account expands it.
fn id_of(reference: &Value) -> Option<&str> {
    reference.as_str().or_else(|| reference["id"].as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(kind: &str, object: Value) -> Inbound {
        let body = json!({"id": "evt_1", "object": "event", "type": kind, "created": 1_700_000_000, "data": {"object": object}});
        Inbound { headers: Vec::new(), body: body.to_string().into_bytes() }
    }

    fn invoice() -> Value {
        json!({
            "id": "in_1", "object": "invoice", "customer": {"id": "cus_1"}, "customer_email": "ada@example.com",
            "number": "A-1", "currency": "eur", "amount_paid": 44_000, "metadata": {"deal_id": "7"},
            "status_transitions": {"paid_at": 1_699_999_999},
        })
    }

    #[test]
    fn a_paid_invoice_is_one_record_named_by_the_invoice() {
        let records = paid_invoices(&event("invoice.paid", invoice())).unwrap();
        assert_eq!((records.len(), records[0].key.as_str()), (1, "in_1/paid"));
        assert_eq!(records[0].body["customer_id"], "cus_1");
        assert_eq!(records[0].body["amount_paid_cents"], 44_000);
        assert_eq!(records[0].body["paid_at"], 1_699_999_999);
    }

    #[test]
    fn other_events_are_nobodys_records_and_damaged_ones_say_so() {
        assert_eq!(paid_invoices(&event("customer.created", json!({"id": "cus_1"}))), Ok(Vec::new()));
        assert!(matches!(paid_invoices(&event("invoice.paid", json!({}))), Err(Error::Invalid(_))));
        let garbage = Inbound { headers: Vec::new(), body: b"garbage".to_vec() };
        assert!(matches!(all(&garbage), Err(Error::Invalid(_))));
    }

    #[test]
    fn every_event_is_a_record_named_by_its_id() {
        let records = all(&event("customer.created", json!({"id": "cus_1"}))).unwrap();
        assert_eq!(
            (records[0].key.as_str(), records[0].body["type"].as_str()),
            ("evt_1", Some("customer.created"))
        );
    }
}
