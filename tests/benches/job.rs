//! Records per second: the flow of the demo on each durable store, against the native program on the same vendors.

use lockgate::domain::flow::{DeliveryPolicy, Destination, Mapping, Source};
use lockgate::domain::run::RunStatus;
use lockgate::{Engine, NewFlow};
use vendors::{Crm, CrmOptions, Stripe, StripeOptions};

use super::native::Native;
use super::{row, timed};

#[path = "../it/harness/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the tests use all of it")]
mod harness;

const ROUNDS: usize = 5;

pub async fn compare() {
    for (name, engine) in [
        ("demo flow, in memory", None),
        ("demo flow, durable on sled", Some(Engine::Sled)),
        ("demo flow, durable on redb", Some(Engine::Redb)),
    ] {
        let (mut sandboxed, mut native) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            sandboxed.push(in_the_sandbox(engine).await);
            native.push(natively().await);
        }
        row(name, "native, keeping nothing", |rate| format!("{rate:.0} records/s"), sandboxed, native);
    }
}

async fn vendors() -> (Crm, Stripe) {
    let crm = Crm::start(CrmOptions::default()).await.expect("the CRM starts");
    let stripe = Stripe::start(StripeOptions::default()).await.expect("the biller starts");
    (crm, stripe)
}

async fn natively() -> f64 {
    let (crm, stripe) = vendors().await;
    let native =
        Native::new(crm.url(), CrmOptions::default().token, stripe.url(), StripeOptions::default().key);
    let (records, took) = timed(native.run()).await;
    assert_eq!((records, stripe.total_cents()), (809, 123_985_578));
    records as f64 / took.as_secs_f64()
}

async fn in_the_sandbox(engine: Option<Engine>) -> f64 {
    let folder = tempfile::tempdir().expect("a folder");
    let (crm, stripe) = vendors().await;
    let builder = harness::reaching(&[&crm.url(), &stripe.url()]);
    let builder = match engine {
        None => builder,
        Some(engine) => builder.data_dir(folder.path()).engine(engine),
    };
    let host = builder.build().await.expect("the host starts");
    let tenant = host.tenant("acme").expect("a tenant");
    for component in [plugins::CRM, plugins::STRIPE] {
        tenant.upload(component.to_vec()).await.expect("the upload is admitted");
    }
    let (token, key) = (CrmOptions::default().token, StripeOptions::default().key);
    harness::profile(&tenant, "crm", "crm", &crm.url(), &token, harness::CRM_SCOPES).await;
    harness::profile(&tenant, "stripe", "stripe", &stripe.url(), &key, harness::STRIPE_SCOPES).await;
    let new = NewFlow {
        name: "deals".parse().expect("a name"),
        source: Source { profile: "crm".parse().expect("a name"), trigger: "closed_won_deals".to_owned() },
        mapping: Some(Mapping { jq: harness::DEAL_TO_INVOICE.to_owned() }),
        destination: Destination {
            profile: "stripe".parse().expect("a name"),
            action: "create_invoice".to_owned(),
        },
        schedule: None,
        delivery: DeliveryPolicy::default(),
    };
    tenant.create_flow(new).await.expect("the flow is made");
    let work = async {
        let run = tenant.run_flow(&"deals".parse().expect("a name")).await.expect("the run starts");
        harness::finished(&tenant, run).await
    };
    let (run, took) = timed(work).await;
    assert_eq!((run.status, run.counts.delivered), (RunStatus::Succeeded, 809), "{:?}", run.failure);
    assert_eq!(stripe.total_cents(), 123_985_578);
    host.shutdown().await;
    run.counts.delivered as f64 / took.as_secs_f64()
}
