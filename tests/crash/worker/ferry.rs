//! A life that carries numbered records from a depot to the same depot, while people rotate, upload and replay, and
//! events come in.

use std::time::Duration;

use lockgate::domain::Secret;
use lockgate::domain::flow::{DeliveryPolicy, Destination, Mapping, Source};
use lockgate::domain::hook::HookLimits;
use lockgate::domain::retry::RetryPolicy;
use lockgate::{AuthChoice, HookAnswer, Host, NewFlow, NewHook, Tenant};
use lockgate_tests::guests;
use serde_json::json;

use super::{Order, profile, replay_one, say, upload};

pub const FLOW: &str = "ferry";
/// What comes by itself, with numbers that no page has.
const ARRIVALS: &str = "arrivals";
const ARRIVALS_FROM: u64 = 1_000_000;
const PROFILES: [&str; 2] = ["from", "to"];
const SCOPES: [&str; 2] = ["things:read", "things:write"];

/// Whatever an earlier life has not come to.
pub async fn set_up(tenant: &Tenant, order: &Order) {
    upload(tenant, "ferry", guests::FERRY).await;
    let depot = &order.remotes[0];
    for name in PROFILES {
        let auth = AuthChoice { kind: "bearer".to_owned(), user: None };
        let secret = text(order.credential);
        let new = (name, "ferry", json!({ "api_base": depot }));
        profile(tenant, new, auth, (&secret, depot), &SCOPES).await;
    }
    for (name, trigger) in [(FLOW, "things"), (ARRIVALS, ARRIVALS)] {
        if tenant.flow(&name.parse().unwrap()).is_ok() {
            continue;
        }
        let retry = RetryPolicy { base_ms: 2, cap_ms: 20, ..RetryPolicy::default() };
        let mut delivery = DeliveryPolicy::default();
        (delivery.batch, delivery.retry) = (10, retry);
        let new = NewFlow {
            name: name.parse().unwrap(),
            source: Source { profile: "from".parse().unwrap(), trigger: trigger.to_owned() },
            mapping: Some(Mapping { jq: "{ n: .n, label: .label }".to_owned() }),
            destination: Destination { profile: "to".parse().unwrap(), action: "put".to_owned() },
            schedule: None,
            delivery,
        };
        tenant.create_flow(new).await.unwrap();
        say(&format!("ack flow {name}"));
    }
    if tenant.hooks(None, 10).unwrap().items.is_empty() {
        let (profile, trigger) = ("from".parse().unwrap(), ARRIVALS.to_owned());
        let new = NewHook { profile, trigger, limits: HookLimits::default(), secret: None };
        tenant.create_hook(new).await.unwrap();
    }
}

fn text(number: u64) -> String {
    format!("depot-credential-{number}")
}

/// The same number for both profiles; acknowledged once both have it.
async fn credential(tenant: &Tenant, number: u64) {
    for name in PROFILES {
        tenant.set_credential(&name.parse().unwrap(), Secret::new(text(number))).await.unwrap();
    }
    say(&format!("ack credential {number}"));
}

/// What people do meanwhile: they rotate credentials, send dead letters on their way again, and upload.
pub async fn decide(host: Host, tenant: Tenant, order: Order) {
    if order.extra > 0 {
        let name = format!("extra-{}", order.extra);
        host.tenant(&name).unwrap().upload(guests::PROBER.to_vec()).await.unwrap();
        say(&format!("ack connector {name} prober"));
    }
    for number in order.credential.. {
        tokio::time::sleep(Duration::from_millis(15)).await;
        credential(&tenant, number).await;
        arrive(&tenant, ARRIVALS_FROM + number).await;
        replay_one(&tenant).await;
    }
}

/// An event from outside, signed as its sender would. It is acknowledged once it is durable.
async fn arrive(tenant: &Tenant, number: u64) {
    let Some(hook) = tenant.hooks(None, 1).unwrap().items.into_iter().next() else { return };
    let body = json!({ "n": number, "label": "arrived" }).to_string().into_bytes();
    let answer = tenant.test_hook(&hook.id, Some(body)).await;
    if matches!(answer, Ok(HookAnswer::Taken | HookAnswer::Again)) {
        say(&format!("ack event {number}"));
    }
}
