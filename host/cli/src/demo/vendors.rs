//! The two mock vendors of the demo, on the same ports and with the same books each time.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use domain::RunId;
use domain::egress::Origin;
use serde::{Deserialize, Serialize};
use vendors::{Crm, CrmOptions, Faults, InvoiceSeen, Stripe, StripeOptions, northwind};

use super::summary::Total;

/// What must be the same when the demo runs again on its folder: a credential is bound to an origin, port included.
#[derive(Default, Serialize, Deserialize)]
struct Kept {
    crm_port: u16,
    stripe_port: u16,
    /// The last run, with what had been invoiced before it.
    baseline: Option<Baseline>,
}

#[derive(Serialize, Deserialize)]
struct Baseline {
    run: String,
    amount_cents: i64,
}

pub(super) struct Vendors {
    crm: Crm,
    stripe: Stripe,
    file: PathBuf,
    kept: std::sync::Mutex<Kept>,
}

impl Vendors {
    pub(super) async fn start(data: &Path) -> anyhow::Result<Self> {
        let dir = data.join("vendors");
        std::fs::create_dir_all(&dir).with_context(|| format!("making the folder {}", dir.display()))?;
        let file = dir.join("vendors.json");
        let mut kept = read(&file)?;
        // Only a fresh folder sees the faults: they are part of the story, not of every repetition.
        let fresh = kept.stripe_port == 0;
        let crm_faults = if fresh { Faults::demo_crm() } else { Faults::none() };
        let stripe_faults = if fresh { Faults::demo() } else { Faults::none() };
        let crm_options = CrmOptions { port: kept.crm_port, faults: crm_faults, ..CrmOptions::default() };
        let crm = Crm::start(crm_options).await.with_context(|| taken(kept.crm_port))?;
        let stripe_options = StripeOptions {
            port: kept.stripe_port,
            faults: stripe_faults,
            daybook: Some(dir.join("stripe.jsonl")),
            ..StripeOptions::default()
        };
        let stripe = Stripe::start(stripe_options).await.with_context(|| taken(kept.stripe_port))?;
        kept.crm_port = port(&crm.url())?;
        kept.stripe_port = port(&stripe.url())?;
        write(&file, &kept)?;
        Ok(Self { crm, stripe, file, kept: std::sync::Mutex::new(kept) })
    }

    pub(super) fn crm_url(&self) -> String {
        self.crm.url()
    }

    pub(super) fn stripe_url(&self) -> String {
        self.stripe.url()
    }

    pub(super) fn crm_token(&self) -> String {
        CrmOptions::default().token
    }

    pub(super) fn stripe_key(&self) -> String {
        StripeOptions::default().key
    }

    pub(super) fn origins(&self) -> anyhow::Result<BTreeSet<Origin>> {
        Ok(BTreeSet::from([self.crm.url().parse()?, self.stripe.url().parse()?]))
    }

    /// How many deals are won: what the progress bar counts to.
    pub(super) fn deals(&self) -> u64 {
        northwind::orders().iter().filter(|order| order.shipped.is_some()).count() as u64
    }

    pub(super) fn any_invoice(&self) -> Option<String> {
        self.stripe.invoices().first().map(|invoice| invoice.id.clone())
    }

    /// Notes what had been invoiced when a run began, unless it is the run that an earlier process began.
    pub(super) fn remember_baseline(&self, run: &RunId) -> anyhow::Result<()> {
        let mut kept = self.kept.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if kept.baseline.as_ref().is_none_or(|baseline| baseline.run != run.as_str()) {
            kept.baseline = Some(Baseline { run: run.to_string(), amount_cents: self.stripe.total_cents() });
            write(&self.file, &kept)?;
        }
        Ok(())
    }

    pub(super) fn amount_cents_since_baseline(&self) -> i64 {
        let kept = self.kept.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        self.stripe.total_cents() - kept.baseline.as_ref().map_or(0, |baseline| baseline.amount_cents)
    }

    /// What the billing side holds, beside what the data set says it must hold.
    pub(super) fn total(&self) -> Total {
        let shipped = northwind::orders().iter().filter(|order| order.shipped.is_some());
        let billed = |invoice: &&InvoiceSeen| invoice.status != "void";
        Total {
            invoices: self.stripe.invoices().iter().filter(billed).count() as u64,
            amount_cents: self.stripe.total_cents(),
            expected_invoices: shipped.clone().count() as u64,
            expected_amount_cents: shipped.map(northwind::Order::amount_cents).sum(),
        }
    }
}

fn taken(port: u16) -> String {
    format!("starting a mock vendor on port {port}: free it, or give the demo a fresh folder with --data")
}

fn port(url: &str) -> anyhow::Result<u16> {
    let port = url.rsplit(':').next().unwrap_or_default();
    port.parse().with_context(|| format!("reading the port of {url}"))
}

#[expect(
    clippy::disallowed_methods,
    reason = "the mock vendors are not part of the host; neither is their file"
)]
fn read(file: &Path) -> anyhow::Result<Kept> {
    match std::fs::read(file) {
        Ok(bytes) => serde_json::from_slice(&bytes).with_context(|| format!("reading {}", file.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Kept::default()),
        Err(error) => Err(error).with_context(|| format!("reading {}", file.display())),
    }
}

/// Through a second file and a rename, so that a kill leaves the old text or the new one.
#[expect(
    clippy::disallowed_methods,
    reason = "the mock vendors are not part of the host; neither is their file"
)]
fn write(file: &Path, kept: &Kept) -> anyhow::Result<()> {
    let fresh = file.with_extension("new");
    std::fs::write(&fresh, serde_json::to_vec_pretty(kept)?)?;
    std::fs::rename(&fresh, file).with_context(|| format!("writing {}", file.display()))
}
