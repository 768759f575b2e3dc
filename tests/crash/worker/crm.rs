//! A life that turns won deals into invoices by the connectors that ship, while a profile's tokens are renewed all the
//! time.

use std::time::Duration;

use lockgate::domain::Secret;
use lockgate::domain::flow::{DeliveryPolicy, Destination, Mapping, Source};
use lockgate::domain::retry::RetryPolicy;
use lockgate::{AuthChoice, Callback, Error, Host, NewFlow, Tenant};
use lockgate_tests::guests;
use serde_json::json;
use vendors::{CrmOptions, Issuer, StripeOptions};

use super::{Order, profile, replay_one, say, upload};

pub const FLOW: &str = "deals";
/// The profile whose tokens are renewed.
pub const CONSENTING: &str = "me";

/// The mapping of the demo.
const DEAL_TO_INVOICE: &str = include_str!("../../../host/cli/src/demo/mapping.jq");
const CRM_SCOPES: [&str; 2] = ["crm.objects.contacts.read", "crm.objects.deals.read"];
const STRIPE_SCOPES: [&str; 3] = ["customers:read", "customers:write", "invoices:write"];

/// Whatever an earlier life has not come to.
pub async fn set_up(host: &Host, tenant: &Tenant, order: &Order) {
    let [crm, stripe, issuer] = &order.remotes[..] else { panic!("{:?}", order.remotes) };
    upload(tenant, "crm", plugins::CRM).await;
    upload(tenant, "stripe", plugins::STRIPE).await;
    upload(tenant, "consenting", guests::CONSENTING).await;
    let bearer = || AuthChoice { kind: "bearer".to_owned(), user: None };
    let (token, key) = (CrmOptions::default().token, StripeOptions::default().key);
    profile(tenant, ("crm", "crm", json!({ "api_base": crm })), bearer(), (&token, crm), &CRM_SCOPES).await;
    let new = ("stripe", "stripe", json!({ "api_base": stripe }));
    profile(tenant, new, bearer(), (&key, stripe), &STRIPE_SCOPES).await;
    let (id, secret) = Issuer::CLIENT;
    let oauth2 = AuthChoice { kind: "oauth2".to_owned(), user: Some(id.to_owned()) };
    let new = (CONSENTING, "consenting", json!({ "base_url": issuer }));
    profile(tenant, new, oauth2, (secret, issuer), &["me:read"]).await;
    if tenant.profile(&CONSENTING.parse().unwrap()).unwrap().credential.token.is_none() {
        consent(host, tenant).await;
    }
    if tenant.flow(&FLOW.parse().unwrap()).is_err() {
        let retry = RetryPolicy { base_ms: 2, cap_ms: 20, ..RetryPolicy::default() };
        let mut delivery = DeliveryPolicy::default();
        (delivery.batch, delivery.retry) = (10, retry);
        let new = NewFlow {
            name: FLOW.parse().unwrap(),
            source: Source { profile: "crm".parse().unwrap(), trigger: "closed_won_deals".to_owned() },
            mapping: Some(Mapping { jq: DEAL_TO_INVOICE.to_owned() }),
            destination: Destination {
                profile: "stripe".parse().unwrap(),
                action: "create_invoice".to_owned(),
            },
            schedule: None,
            delivery,
        };
        tenant.create_flow(new).await.unwrap();
        say(&format!("ack flow {FLOW}"));
    }
}

/// A person opens the link and agrees; the browser is this process.
async fn consent(host: &Host, tenant: &Tenant) {
    let link = tenant.connect(&CONSENTING.parse().unwrap()).await.unwrap().url;
    let id = link.rsplit('/').next().unwrap();
    let opened = host.open_consent(id).await.unwrap();
    let (_, state) = opened.location.query_pairs().find(|(name, _)| name == "state").unwrap();
    let callback = Callback::read(&format!("state={state}&code={}", Issuer::CODE)).unwrap();
    host.complete_consent(callback, Some(opened.browser)).await.unwrap();
    say("ack connected");
}

/// New tokens, acknowledged with the version that the profile has by then, and used at once.
pub async fn renew(tenant: &Tenant) -> Result<(), Error> {
    let name = CONSENTING.parse().unwrap();
    let profile = tenant.renew_token(&name).await?;
    say(&format!("ack renewed {}", profile.credential.version));
    let called = tenant.call(&name, "whoami", vec![json!({})], None).await?;
    let failed = called.results.into_iter().find_map(Result::err);
    assert!(failed.is_none(), "the provider does not know its own token: {failed:?}");
    Ok(())
}

/// What happens meanwhile: tokens are renewed, a credential is set again, dead letters are sent on their way again.
pub async fn decide(tenant: Tenant) {
    let key = StripeOptions::default().key;
    loop {
        tokio::time::sleep(Duration::from_millis(15)).await;
        renew(&tenant).await.unwrap();
        tenant.set_credential(&"stripe".parse().unwrap(), Secret::new(key.as_str())).await.unwrap();
        replay_one(&tenant).await;
    }
}
