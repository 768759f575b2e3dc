//! A guest that gets webhooks of every scheme, says so in the log, and keeps what it is handed at a remote.
#![expect(clippy::indexing_slicing, reason = "an index into JSON gives null where there is nothing")]

use lockgate_sdk::http::Request;
use lockgate_sdk::manifest::{
    self, Action, Effect, HmacWebhook, Idempotency, Manifest, Trigger, WebhookAlgorithm, WebhookEncoding,
    WebhookEventId, WebhookScheme, WebhookTimeUnit, WebhookTimestamp,
};
use lockgate_sdk::{Connector, Error, Inbound, Input, Record, Value, json, logging, profile};

struct Receiver;

impl Connector for Receiver {
    fn describe() -> Manifest {
        let usual = guests::manifest("receiver", &[]);
        let mut scopes = usual.scopes.clone();
        scopes.push(manifest::scope("kept:write", "Keep things", &[("POST", "/kept/{id}")]));
        Manifest {
            scopes,
            actions: vec![Action {
                scopes: vec!["kept:write".to_owned()],
                input: json!({}),
                output: json!({}),
                idempotency: Some(Idempotency::in_header("idempotency-key")),
                ..manifest::action("keep", "Keep it", Effect::Write)
            }],
            triggers: vec![
                hook("standard", WebhookScheme::StandardWebhooks),
                hook("stripe", WebhookScheme::Stripe),
                hook("github", WebhookScheme::Github),
                hook("slack", WebhookScheme::Slack),
                hook("shopify", WebhookScheme::Shopify),
                hook("hubspot", WebhookScheme::Hubspot),
                hook("quickbooks", WebhookScheme::Quickbooks),
                hook("generic", WebhookScheme::Hmac(generic())),
                guests::trigger("polled"),
            ],
            ..usual
        }
    }

    fn run(_action: &str, inputs: Vec<Input>) -> Vec<Result<Value, Error>> {
        inputs.into_iter().map(|input| keep(&input)).collect()
    }

    fn receive(hook: &str, event: Inbound) -> Result<Vec<Record>, Error> {
        logging::info(&format!("received at {hook}"));
        let text = String::from_utf8_lossy(&event.body).into_owned();
        let mended = profile::config::<Value>()?["mended"] == json!(true);
        if text.contains("unreadable") && !mended {
            return Err(Error::invalid("the event cannot be read"));
        }
        if text.contains("burns") {
            loop {
                std::hint::spin_loop();
            }
        }
        let body: Value = event.json().unwrap_or(Value::Null);
        let id = body["id"].as_str().map_or_else(|| format!("bytes-{}", event.body.len()), str::to_owned);
        let names: Vec<&str> = event.headers.iter().map(|(name, _)| name.as_str()).collect();
        Ok(vec![Record { key: id.clone(), body: json!({"id": id, "hook": hook, "headers": names}) }])
    }
}

fn hook(name: &str, scheme: WebhookScheme) -> Trigger {
    Trigger { record: json!({}), ..manifest::webhook(name, name, scheme) }
}

fn generic() -> HmacWebhook {
    HmacWebhook {
        header: "X-Generic-Signature".to_owned(),
        prefix: "sha512=".to_owned(),
        algorithm: WebhookAlgorithm::Sha512,
        encoding: WebhookEncoding::Base64,
        signed: "{timestamp}.{method}.{uri}.{body}".to_owned(),
        timestamp: Some(WebhookTimestamp {
            header: "X-Generic-Time".to_owned(),
            unit: WebhookTimeUnit::Milliseconds,
        }),
        event_id: Some(WebhookEventId::Pointer("/id".to_owned())),
    }
}

fn keep(input: &Input) -> Result<Value, Error> {
    let base = profile::config::<Value>()?["api_base"].as_str().unwrap_or_default().to_owned();
    let id = input.body["id"].as_str().ok_or_else(|| Error::invalid("no id"))?;
    let request = Request::post(format!("{base}/kept/{id}")).header("idempotency-key", input.key.clone());
    request.send()?.error_for_status()?;
    Ok(json!({}))
}

lockgate_sdk::export!(Receiver);
