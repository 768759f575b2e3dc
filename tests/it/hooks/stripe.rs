//! The job of the README: an invoice that is paid at Stripe is a record at another system a moment later.

use auth::webhook::{Arrived, sign};
use lockgate::domain::flow::{DeliveryPolicy, Destination, Mapping, Source};
use lockgate::domain::hook::HookLimits;
use lockgate::domain::{Clock as _, Secret};
use lockgate::{NewFlow, NewHook, SystemClock};
use serde_json::json;
use vendors::StripeOptions;
use wit::WebhookScheme;

use super::world::World;
use crate::harness::profile;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paid_invoice_is_told_to_another_system() {
    let world = World::new().await;
    world.tenant.upload(plugins::STRIPE.to_vec()).await.unwrap();
    profile(&world.tenant, "stripe", "stripe", &world.echo.url, &StripeOptions::default().key, &[]).await;
    let new = NewFlow {
        name: "paid".parse().unwrap(),
        source: Source { profile: "stripe".parse().unwrap(), trigger: "paid_invoices".to_owned() },
        mapping: Some(Mapping { jq: "{id: .invoice_id, cents: .amount_paid_cents}".to_owned() }),
        destination: Destination { profile: "receiver".parse().unwrap(), action: "keep".to_owned() },
        schedule: None,
        delivery: DeliveryPolicy::default(),
    };
    world.tenant.create_flow(new).await.unwrap();
    let new = NewHook {
        profile: "stripe".parse().unwrap(),
        trigger: "paid_invoices".to_owned(),
        limits: HookLimits::default(),
        secret: Some(Secret::new("whsec_test_secret")),
    };
    let hook = world.tenant.create_hook(new).await.unwrap().hook;
    let event = |id: &str, kind: &str| {
        json!({
            "id": id, "object": "event", "type": kind, "created": 1_700_000_000, "livemode": false,
            "data": { "object": {
                "id": "in_1", "object": "invoice", "customer": "cus_1", "currency": "eur", "amount_paid": 44_000,
            } },
        })
        .to_string()
    };
    for (body, taken) in [(event("evt_1", "invoice.created"), 0), (event("evt_2", "invoice.paid"), 1)] {
        let uri = world.host.hook_url(&hook.id);
        let request = Arrived {
            method: "POST",
            uri: &uri,
            headers: &[],
            body: body.as_bytes(),
            now: SystemClock.now(),
        };
        let secret = Secret::new("whsec_test_secret");
        let headers = sign(&WebhookScheme::Stripe, &secret, &request, "").unwrap().headers;
        assert_eq!(world.post(&hook, &headers, body.as_bytes()).await.0, 200);
        world.until("the event", |world| world.runs() > 0 && world.kept().len() == taken).await;
    }
    world.quiet().await;
    assert_eq!(world.kept(), ["in_1"]);
}
