//! A guest that carries numbered records from a depot and to one: nothing but requests.
#![expect(clippy::indexing_slicing, reason = "an index into JSON gives null where there is nothing")]

use lockgate_sdk::http::{self, Request};
use lockgate_sdk::manifest::{self, Effect, Idempotency, Manifest, WebhookScheme};
use lockgate_sdk::{Connector, Error, Inbound, Input, Page, Record, Value, json, profile};

const KEY: &str = "Idempotency-Key";

struct Ferry;

impl Connector for Ferry {
    fn describe() -> Manifest {
        let mut manifest = guests::manifest("ferry", &["put"]);
        for action in &mut manifest.actions {
            action.effect = Effect::Write;
            action.idempotency = Some(Idempotency::in_header(KEY));
        }
        let arrivals = manifest::webhook("arrivals", "What comes by itself", WebhookScheme::StandardWebhooks);
        manifest.triggers = vec![guests::trigger("things"), arrivals];
        manifest
    }

    fn run(_action: &str, inputs: Vec<Input>) -> Vec<Result<Value, Error>> {
        let request = |input: Input| {
            let url = format!("{}/things", base()?);
            Ok(Request::post(url).json(&input.body)?.idempotency_key(KEY, &input.key))
        };
        let answers = http::send_each(inputs.into_iter().map(request).collect());
        answers.into_iter().map(|answer| answer?.error_for_status().map(|_| json!({}))).collect()
    }

    fn poll(_trigger: &str, cursor: Option<Value>) -> Result<Page, Error> {
        let after = cursor.as_ref().and_then(Value::as_u64).unwrap_or(0);
        let request = Request::get(format!("{}/things", base()?)).query("after", &after.to_string());
        let found: Value = request.send()?.error_for_status()?.json()?;
        let record = |body: &Value| Record { key: format!("r-{}", body["n"]), body: body.clone() };
        let records = found["records"].as_array().map(|records| records.iter().map(record).collect());
        Ok(Page {
            records: records.unwrap_or_default(),
            next: Some(found["next"].clone()),
            more: found["more"].as_bool().unwrap_or(false),
        })
    }

    fn receive(_hook: &str, event: Inbound) -> Result<Vec<Record>, Error> {
        let body: Value = event.json()?;
        Ok(vec![Record { key: format!("h-{}", body["n"]), body }])
    }
}

fn base() -> Result<String, Error> {
    let config: Value = profile::config()?;
    let base = config["api_base"].as_str().map(str::to_owned);
    base.ok_or_else(|| Error::invalid("no api_base"))
}

lockgate_sdk::export!(Ferry);
