//! A host in memory with the mock vendors around it, for the tests of what a whole host does.

pub mod aftermath;
mod compiled;
mod echo;
pub mod raw;
mod tarpit;

use std::collections::BTreeSet;
use std::time::Duration;

use compiled::Compiled;
pub use echo::Echo;
use lockgate::domain::Secret;
use lockgate::domain::egress::{Ceiling, Origin};
use lockgate::domain::flow::{DeliveryPolicy, Destination, Mapping, Source};
use lockgate::domain::profile::Profile;
use lockgate::domain::retry::RetryPolicy;
use lockgate::domain::run::Run;
use lockgate::{AuthChoice, Builder, Host, NewFlow, NewProfile, PipelineOptions, Tenant};
use serde_json::{Value, json};
pub use tarpit::Tarpit;
use vendors::{Crm, CrmOptions, Faults, Stripe, StripeOptions};

/// Long enough for a slow machine, short enough to end a test that hangs.
const PATIENCE: Duration = Duration::from_secs(120);

/// The mapping of the demo.
pub const DEAL_TO_INVOICE: &str = include_str!("../../../host/cli/src/demo/mapping.jq");

pub const CRM_SCOPES: &[&str] = &["crm.objects.contacts.read", "crm.objects.deals.read"];
pub const STRIPE_SCOPES: &[&str] = &["customers:read", "customers:write", "invoices:write"];

/// A host whose ceiling lets it reach these origins on loopback, and nothing else in private ranges.
pub fn reaching(urls: &[&str]) -> Builder {
    let private: BTreeSet<Origin> = urls.iter().map(|url| url.parse().expect("an origin")).collect();
    // Most tests make a remote fail again and again and want to see each time how; `again` tests what holds back.
    let pipeline = PipelineOptions { circuits: false, ..PipelineOptions::default() };
    Host::builder()
        .ceiling(Ceiling { private, ..Ceiling::default() })
        .artefacts(Compiled::shared())
        .pipeline(pipeline)
}

/// Where a test keeps compiled code that others may have made already.
pub fn compiled() -> std::sync::Arc<dyn lockgate::domain::Artefacts> {
    Compiled::shared()
}

/// A profile with a credential and exactly these scopes.
pub async fn profile(
    tenant: &Tenant,
    name: &str,
    connector: &str,
    url: &str,
    secret: &str,
    scopes: &[&str],
) -> Profile {
    let auth = Some(AuthChoice { kind: "bearer".to_owned(), user: None });
    let new = NewProfile {
        name: name.parse().expect("a name"),
        connector: connector.parse().expect("a name"),
        version: None,
        config: json!({ "api_base": url }),
        auth,
        // The mock vendors are on this machine, and tests have no time to be polite.
        rate: Some(lockgate::Rate { per_second: 10_000, burst: 10_000 }),
        egress_address: None,
    };
    let name = new.name.clone();
    tenant.create_profile(new).await.expect("the profile is made");
    tenant.set_credential(&name, Secret::new(secret)).await.expect("the credential is set");
    let hosts = BTreeSet::from([url.parse().expect("an origin")]);
    let scopes = scopes.iter().map(|scope| scope.parse().expect("a scope")).collect();
    tenant.grant(&name, &hosts, &scopes).await.expect("the grant is given")
}

/// Two vendors, a host, and the two connectors with their profiles: everything that the main job needs.
pub struct Town {
    pub crm: Crm,
    pub stripe: Stripe,
    pub host: Host,
    pub tenant: Tenant,
}

impl Town {
    pub async fn new(crm: Faults, stripe: Faults) -> Self {
        let crm =
            Crm::start(CrmOptions { faults: crm, ..CrmOptions::default() }).await.expect("the CRM starts");
        let stripe = StripeOptions { faults: stripe, ..StripeOptions::default() };
        let stripe = Stripe::start(stripe).await.expect("the biller starts");
        let host = reaching(&[&crm.url(), &stripe.url()]).build().await.expect("the host starts");
        let tenant = host.tenant("acme").expect("a tenant");
        for component in [plugins::CRM, plugins::STRIPE] {
            tenant.upload(component.to_vec()).await.expect("the upload is admitted");
        }
        profile(&tenant, "crm", "crm", &crm.url(), &CrmOptions::default().token, CRM_SCOPES).await;
        profile(&tenant, "stripe", "stripe", &stripe.url(), &StripeOptions::default().key, STRIPE_SCOPES)
            .await;
        Self { crm, stripe, host, tenant }
    }

    /// Makes the flow of the demo, with short waits between attempts.
    pub async fn flow(&self, name: &str, jq: &str) {
        let retry = RetryPolicy { base_ms: 5, cap_ms: 50, ..RetryPolicy::default() };
        let new = NewFlow {
            name: name.parse().expect("a name"),
            source: Source {
                profile: "crm".parse().expect("a name"),
                trigger: "closed_won_deals".to_owned(),
            },
            mapping: Some(Mapping { jq: jq.to_owned() }),
            destination: Destination {
                profile: "stripe".parse().expect("a name"),
                action: "create_invoice".to_owned(),
            },
            schedule: None,
            delivery: DeliveryPolicy { retry, ..DeliveryPolicy::default() },
        };
        self.tenant.create_flow(new).await.expect("the flow is made");
    }

    /// Runs a flow and waits for its end.
    pub async fn run(&self, flow: &str) -> Run {
        let run = self.tenant.run_flow(&flow.parse().expect("a name")).await.expect("the run starts");
        finished(&self.tenant, run).await
    }
}

/// Waits until a run has ended.
pub async fn finished(tenant: &Tenant, run: Run) -> Run {
    let wait = async {
        loop {
            let run = tenant.run(&run.id).expect("the run has a row");
            if run.status.is_final() {
                return run;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.expect("the run ends")
}

/// Calls one action with one input.
pub async fn call(tenant: &Tenant, profile: &str, action: &str, input: Value) -> lockgate::Called {
    let profile = profile.parse().expect("a name");
    tenant.call(&profile, action, vec![input], None).await.expect("the call returns")
}

/// A host with the probing guest in it, and a profile `probe` that may do `things:read` at the echo.
pub struct Probed {
    pub echo: Echo,
    pub host: Host,
    pub tenant: Tenant,
}

/// The credential of the probing profile: long enough to be searched for everywhere.
pub const CANARY: &str = "canary-7f3b9d2e51c84a06";

impl Probed {
    pub async fn new() -> Self {
        Self::over(|builder| builder).await
    }

    /// The same, on a host that is built differently.
    pub async fn over(shape: impl FnOnce(Builder) -> Builder) -> Self {
        let echo = Echo::start().await;
        let host = shape(reaching(&[&echo.url])).build().await.expect("the host starts");
        let tenant = host.tenant("acme").expect("a tenant");
        tenant.upload(lockgate_tests::guests::PROBER.to_vec()).await.expect("the upload is admitted");
        profile(&tenant, "probe", "prober", &echo.url, CANARY, &["things:read"]).await;
        Self { echo, host, tenant }
    }

    /// One action of the probing guest, with its answer.
    pub async fn ask(&self, action: &str, input: Value) -> Value {
        let called = call(&self.tenant, "probe", action, input).await;
        called.results.into_iter().next().expect("one result").expect("the guest answers")
    }

    /// Sends a request as the guest; the answer is the outcome that the guest saw.
    pub async fn fetch(&self, method: &str, url: &str) -> Value {
        self.ask("fetch", json!({ "method": method, "url": url })).await
    }
}
