//! Between the trait and the generated bindings: JSON text to values and back.

use serde_json::Value;

use super::{Connector, Inbound, Input, Record};
use crate::Error;
pub use crate::bindings::connector::lockgate::connector::types as wire;

pub fn describe<C: Connector>() -> String {
    // A manifest is made of strings, numbers and JSON values, which always have a JSON text. An empty one is refused
    // by the host, so that nothing is admitted by accident.
    serde_json::to_string(&C::describe()).unwrap_or_default()
}

pub fn check<C: Connector>() -> Result<(), wire::Error> {
    C::check().map_err(wire::Error::from)
}

/// Inputs that are not JSON are answered here; the connector sees the others, and results keep the order of inputs.
pub fn run<C: Connector>(action: &str, inputs: Vec<wire::Input>) -> Vec<Result<String, wire::Error>> {
    let mut refused = Vec::new();
    let mut readable = Vec::with_capacity(inputs.len());
    for (position, wire::Input { key, body }) in inputs.into_iter().enumerate() {
        match serde_json::from_str(&body) {
            Ok(body) => readable.push(Input { key, body }),
            Err(error) => refused.push((position, Error::invalid(format!("the input is not JSON: {error}")))),
        }
    }
    let mut results: Vec<_> = C::run(action, readable)
        .into_iter()
        .map(|result| result.map(|output| output.to_string()).map_err(wire::Error::from))
        .collect();
    for (position, error) in refused {
        results.insert(position.min(results.len()), Err(error.into()));
    }
    results
}

pub fn poll<C: Connector>(trigger: &str, cursor: Option<String>) -> Result<wire::Page, wire::Error> {
    let cursor: Option<Value> = cursor
        .map(|text| serde_json::from_str(&text))
        .transpose()
        .map_err(|error| Error::permanent(format!("the cursor is not JSON: {error}")))?;
    let page = C::poll(trigger, cursor)?;
    Ok(wire::Page {
        records: page.records.into_iter().map(wire::Record::from).collect(),
        next: page.next.map(|next| next.to_string()),
        more: page.more,
    })
}

pub fn receive<C: Connector>(hook: &str, event: wire::Inbound) -> Result<wire::Received, wire::Error> {
    let records = C::receive(hook, Inbound { headers: event.headers, body: event.body })?;
    Ok(wire::Received { records: records.into_iter().map(wire::Record::from).collect() })
}

pub fn is_connector<C: Connector>() {}

impl From<Record> for wire::Record {
    fn from(record: Record) -> Self {
        Self { key: record.key, body: record.body.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;
    use crate::manifest::{self, Category, Manifest};

    struct Doubler;

    impl Connector for Doubler {
        fn describe() -> Manifest {
            manifest::new("doubler", "1.0.0", "Doubler", Category::Custom)
        }

        fn run(_action: &str, inputs: Vec<Input>) -> Vec<Result<Value, Error>> {
            inputs
                .iter()
                .map(|input| match input.body.as_u64() {
                    Some(number) => Ok(json!(number * 2)),
                    None => Err(Error::invalid("not a number")),
                })
                .collect()
        }
    }

    fn inputs(bodies: &[&str]) -> Vec<wire::Input> {
        bodies.iter().map(|body| wire::Input { key: "k".into(), body: (*body).to_owned() }).collect()
    }

    #[test]
    fn an_input_that_is_not_json_is_refused_in_its_place() {
        let results = run::<Doubler>("double", inputs(&["{", "1", "oops", "2", "]"]));
        let seen: Vec<_> = results.iter().map(|result| result.as_deref().ok()).collect();
        assert_eq!(seen, [None, Some("2"), None, Some("4"), None]);
        assert!(matches!(results.first(), Some(Err(wire::Error::Invalid(_)))));
    }

    #[test]
    fn a_manifest_becomes_json_that_reads_back() {
        let text = describe::<Doubler>();
        let manifest: Manifest = serde_json::from_str(&text).expect("the manifest is not JSON");
        assert_eq!(manifest, Doubler::describe());
    }

    #[test]
    fn what_a_connector_does_not_offer_is_a_permanent_error() {
        assert!(matches!(poll::<Doubler>("news", None), Err(wire::Error::Permanent(_))));
        let event = wire::Inbound { headers: Vec::new(), body: Vec::new() };
        assert!(matches!(receive::<Doubler>("hook", event), Err(wire::Error::Permanent(_))));
    }

    #[test]
    fn a_damaged_cursor_is_an_error_and_not_a_fresh_start() {
        let error = poll::<Doubler>("news", Some("{".to_owned())).err();
        assert!(matches!(error, Some(wire::Error::Permanent(message)) if message.contains("cursor")));
    }
}
