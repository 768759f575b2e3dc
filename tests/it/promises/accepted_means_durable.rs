//! What was acknowledged is there after a restart, on both durable back-ends. Killed processes are tested where the
//! process is: `host/cli/tests`.

use std::path::Path;

use lockgate::domain::egress::Ceiling;
use lockgate::domain::run::RunStatus;
use lockgate::{Engine, Host, Key, LogFilter, RunsOf};
use vendors::{Crm, CrmOptions, Stripe, StripeOptions};

use crate::harness::{self, CRM_SCOPES, STRIPE_SCOPES, Town, reaching};

async fn open(dir: &Path, engine: Engine, crm: &Crm, stripe: &Stripe) -> Host {
    let private = [crm.url(), stripe.url()].iter().map(|url| url.parse().unwrap()).collect();
    let ceiling = Ceiling { private, ..Ceiling::default() };
    Host::builder().data_dir(dir).engine(engine).ceiling(ceiling).build().await.unwrap()
}

async fn everything_survives(engine: Engine) {
    let folder = tempfile::tempdir().unwrap();
    let crm = Crm::start(CrmOptions::default()).await.unwrap();
    let stripe = Stripe::start(StripeOptions::default()).await.unwrap();
    let host = open(folder.path(), engine, &crm, &stripe).await;
    let tenant = host.tenant("acme").unwrap();
    for component in [plugins::CRM, plugins::STRIPE] {
        tenant.upload(component.to_vec()).await.unwrap();
    }
    harness::profile(&tenant, "crm", "crm", &crm.url(), &CrmOptions::default().token, CRM_SCOPES).await;
    harness::profile(
        &tenant,
        "stripe",
        "stripe",
        &stripe.url(),
        &StripeOptions::default().key,
        STRIPE_SCOPES,
    )
    .await;
    let town = Town { crm, stripe, host, tenant };
    town.flow("deals", harness::DEAL_TO_INVOICE).await;
    let run = town.run("deals").await;
    assert_eq!(run.status, RunStatus::Succeeded, "{:?}", run.failure);
    let logged = town.tenant.logs(LogFilter::default(), 500).unwrap().items.len();
    let Town { crm, stripe, host, tenant } = town;
    host.shutdown().await;
    drop((host, tenant));

    let host = open(folder.path(), engine, &crm, &stripe).await;
    let tenant = host.tenant("acme").unwrap();
    assert_eq!(tenant.connectors(None, 10).unwrap().items.len(), 2);
    assert_eq!(tenant.run(&run.id).unwrap(), run);
    assert_eq!(tenant.runs(RunsOf::default(), 10).unwrap().items.len(), 1);
    assert_eq!(tenant.logs(LogFilter::default(), 500).unwrap().items.len(), logged);
    tenant.check(&"stripe".parse().unwrap()).await.unwrap().unwrap();
    let town = Town { crm, stripe, host, tenant };
    let again = town.run("deals").await;
    assert_eq!((again.status, again.counts.delivered), (RunStatus::Succeeded, 0), "{:?}", again.failure);
    assert_eq!(town.stripe.invoices().len(), 809);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_survives_a_restart_on_sled() {
    everything_survives(Engine::Sled).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_survives_a_restart_on_redb() {
    everything_survives(Engine::Redb).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_does_not_open_with_another_key_and_no_new_key_is_made_over_it() {
    let folder = tempfile::tempdir().unwrap();
    let host = reaching(&[]).data_dir(folder.path()).build().await.unwrap();
    host.tenant("acme").unwrap().upload(plugins::STRIPE.to_vec()).await.unwrap();
    host.shutdown().await;
    drop(host);
    let other = Key::Hex("8f5b2c0d9e41a7763c58e0f1b2a49d6685c3170e4fa2b9d86e1c7530a9f4d28b".to_owned());
    let refused = reaching(&[]).data_dir(folder.path()).key(other).build().await.err().expect("refused");
    assert!(refused.message.contains("key"), "{refused}");

    std::fs::remove_file(folder.path().join("lockgate.key")).unwrap();
    let refused = reaching(&[]).data_dir(folder.path()).build().await.err().expect("refused");
    assert!(refused.message.contains("key"), "{refused}");
    assert!(!folder.path().join("lockgate.key").exists(), "a new key was made over an existing store");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hosts_do_not_share_a_data_folder() {
    let folder = tempfile::tempdir().unwrap();
    let first = reaching(&[]).data_dir(folder.path()).build().await.unwrap();
    let refused = reaching(&[]).data_dir(folder.path()).build().await.err().expect("refused");
    assert!(refused.message.contains("use"), "{refused}");
    first.shutdown().await;
}
