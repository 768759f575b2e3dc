//! What a platform team would do by hand: upload, make profiles, set credentials, grant, define the flow.

use std::collections::BTreeSet;

use anyhow::Context as _;
use domain::egress::Request;
use domain::flow::{DeliveryPolicy, Destination, Mapping, Source};
use domain::retry::RetryPolicy;
use domain::{Denial, Secret};
use lockgate::{AuthChoice, Kind, NewFlow, NewProfile, Tenant};
use serde_json::json;

use super::show::Stage;
use super::vendors::Vendors;

pub(super) const FLOW: &str = "deal-to-invoice";
const CRM: &str = "crm-main";
const STRIPE: &str = "stripe-main";

/// What is granted to the billing side: enough to invoice, not enough to void.
const STRIPE_SCOPES: &[&str] = &["customers:read", "customers:write", "invoices:write"];
const CRM_SCOPES: &[&str] = &["crm.objects.contacts.read", "crm.objects.deals.read"];

/// Uploads both connectors and gives each a profile with a credential and a grant, then verifies them.
pub(super) async fn connectors(tenant: &Tenant, vendors: &Vendors, stage: &Stage) -> anyhow::Result<()> {
    let (crm, stripe) = (vendors.crm_url(), vendors.stripe_url());
    let (crm_token, stripe_key) = (vendors.crm_token(), vendors.stripe_key());
    let plan = [
        ("crm", plugins::CRM, CRM, &crm, &crm_token, CRM_SCOPES),
        ("stripe", plugins::STRIPE, STRIPE, &stripe, &stripe_key, STRIPE_SCOPES),
    ];
    for (connector, bytes, profile, url, secret, scopes) in plan {
        let uploaded = tenant.upload(bytes.to_vec()).await.with_context(|| {
            format!(
                "uploading {connector}; a folder of an older build is kept: choose another one with --data"
            )
        })?;
        let name = profile.parse()?;
        let new = NewProfile {
            name,
            connector: connector.parse()?,
            version: Some(uploaded.connector.version.clone()),
            config: json!({ "api_base": url }),
            auth: Some(AuthChoice { kind: "bearer".to_owned(), user: None }),
            // The mock vendors are on this machine; the real ones would be called at the connector's own rate.
            rate: Some(lockgate::Rate { per_second: 10_000, burst: 10_000 }),
            egress_address: None,
        };
        let name = new.name.clone();
        match tenant.create_profile(new).await {
            Ok(_) => {}
            Err(error) if error.kind == Kind::Conflict => {}
            Err(error) => return Err(error.into()),
        }
        // Each step by itself, since an earlier demo may have been killed between any two of them.
        let row = tenant.profile(&name)?;
        if !row.credential_set {
            tenant.set_credential(&name, Secret::new(secret.as_bytes())).await?;
        }
        let hosts = BTreeSet::from([url.parse()?]);
        let scopes = scopes.iter().map(|scope| scope.parse()).collect::<Result<BTreeSet<_>, _>>()?;
        if !(row.grant.hosts.is_superset(&hosts) && row.grant.scopes.is_superset(&scopes)) {
            tenant.grant(&name, &hosts, &scopes).await?;
        }
        tenant
            .check(&name)
            .await?
            .map_err(|error| anyhow::anyhow!("checking {profile}: {}", error.message()))?;
        stage.connector(&uploaded, &tenant.profile(&name)?);
    }
    Ok(())
}

/// Deals that were won become invoices.
pub(super) async fn flow(tenant: &Tenant) -> anyhow::Result<()> {
    let new = NewFlow {
        name: FLOW.parse()?,
        source: Source { profile: CRM.parse()?, trigger: "closed_won_deals".to_owned() },
        mapping: Some(Mapping { jq: include_str!("mapping.jq").to_owned() }),
        destination: Destination { profile: STRIPE.parse()?, action: "create_invoice".to_owned() },
        schedule: None,
        delivery: DeliveryPolicy {
            retry: RetryPolicy { base_ms: 100, ..RetryPolicy::default() },
            ..DeliveryPolicy::default()
        },
    };
    match tenant.create_flow(new).await {
        Ok(_) => Ok(()),
        Err(error) if error.kind == Kind::Conflict => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// A call that was refused: why, and what the gates would say to its request if it were made all the same.
pub(super) struct Denied {
    pub(super) action: &'static str,
    pub(super) request: String,
    pub(super) reason: String,
    pub(super) denial: Option<Denial>,
}

impl Denied {
    pub(super) fn count(&self) -> u64 {
        u64::from(self.denial.is_some())
    }
}

/// Asks for an invoice to be voided: the connector can, the profile may not.
pub(super) async fn try_something_not_granted(tenant: &Tenant, vendors: &Vendors) -> anyhow::Result<Denied> {
    let (profile, action) = (STRIPE.parse()?, "void_invoice");
    let invoice = vendors.any_invoice().unwrap_or_else(|| "in_1".to_owned());
    let called = tenant.call(&profile, action, vec![json!({ "invoice_id": invoice })], None).await;
    let refused = called.err().filter(|error| error.code == "scope_missing");
    let refused = refused.context("a call that nobody granted was made")?;
    let (method, url) = ("POST".to_owned(), format!("{}/v1/invoices/{invoice}/void", vendors.stripe_url()));
    let shown = format!("{method} {url}");
    let request = Request { method, url, headers: Vec::new(), body: Vec::new(), timeout_ms: None };
    let explained = tenant.explain(&profile, request).await?.explained;
    Ok(Denied { action, request: shown, reason: refused.message, denial: explained.denial().cloned() })
}
