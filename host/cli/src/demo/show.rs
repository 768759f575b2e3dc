//! What the demo prints: nothing but the summary with `--json`, a story otherwise.
#![expect(clippy::print_stdout, reason = "the demo is for reading")]

use std::path::Path;

use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{ContentArrangement, Table};
use domain::profile::Profile;
use domain::run::Counts;
use indicatif::{ProgressBar, ProgressStyle};
use lockgate::Uploaded;

use super::setup::{Denied, FLOW};
use super::summary::Summary;
use super::vendors::Vendors;

pub(super) struct Stage {
    json: bool,
}

impl Stage {
    pub(super) fn new(json: bool) -> Self {
        Self { json }
    }

    pub(super) fn started(&self, data: &Path, vendors: &Vendors, url: &str) {
        if self.json {
            return;
        }
        println!("Lockgate demo: deals that were won in a CRM become invoices in a billing system.\n");
        println!("  mock CRM      {}", vendors.crm_url());
        println!("  mock billing  {}", vendors.stripe_url());
        println!("  host          {url}  (data in {})\n", data.display());
    }

    /// What a connector asks for, and what of it was granted.
    pub(super) fn connector(&self, uploaded: &Uploaded, profile: &Profile) {
        if self.json {
            return;
        }
        let connector = &uploaded.connector;
        let report = &uploaded.report;
        println!(
            "{} {} · {} KiB · sha256 {}… · admitted in {} ms · profile {} is {}",
            connector.name,
            connector.version,
            connector.size_bytes.div_ceil(1024),
            connector.digest.as_str().get(..12).unwrap_or_default(),
            report.compile_us / 1_000,
            profile.name,
            profile.standing.map_or_else(String::new, |standing| crate::show::word(&standing.status)),
        );
        let mut table = Table::new();
        table.load_style(UTF8_HORIZONTAL_ONLY).set_content_arrangement(ContentArrangement::Dynamic);
        table.set_header(["asks for", "which means", "granted"]);
        for host in &connector.manifest.hosts {
            let granted: Vec<_> = profile.grant.hosts.iter().map(ToString::to_string).collect();
            table.add_row([format!("host {host}"), "requests to this origin".to_owned(), granted.join(", ")]);
        }
        for scope in &connector.manifest.scopes {
            let granted = profile.grant.scopes.iter().any(|granted| granted.as_str() == scope.name);
            let rules: Vec<_> =
                scope.rules.iter().map(|rule| format!("{} {}", rule.method, rule.path)).collect();
            let answer = if granted { "yes" } else { "no" };
            table.add_row([scope.name.clone(), rules.join("\n"), answer.to_owned()]);
        }
        println!("{table}\n");
    }

    pub(super) fn progress(&self, deals: u64) -> Progress {
        if self.json {
            return Progress(ProgressBar::hidden());
        }
        println!("running the flow {FLOW}: {deals} won deals");
        let bar = ProgressBar::new(deals);
        if let Ok(style) = ProgressStyle::with_template("  {wide_bar} {pos}/{len} {msg}") {
            bar.set_style(style);
        }
        Progress(bar)
    }

    /// One refused call: why, what the gates say of its request, and what would allow it.
    pub(super) fn denied(&self, denied: &Denied) {
        let Some(denial) = denied.denial.as_ref().filter(|_| !self.json) else { return };
        println!("\nThe connector was asked for `{}`, which this profile may not do:", denied.action);
        println!("  refused  {}", denied.reason);
        println!("  request  {}", denied.request);
        println!("  denied   at the {} gate: {}", denial.gate.as_str(), denial.reason);
        println!("  remedy   {}", denial.remedy);
        println!("  No code of the connector was started; had it tried, nothing would have left the host.\n");
    }

    pub(super) fn summary(&self, summary: &Summary) -> anyhow::Result<()> {
        if self.json {
            println!("{}", serde_json::to_string(summary)?);
            return Ok(());
        }
        let seconds = summary.duration_ms as f64 / 1_000.0;
        println!("run {} {} in {seconds:.1} s", summary.run, crate::show::word(&summary.status));
        let rows = [
            ("records read", summary.read),
            ("  sent in an earlier run", summary.duplicate),
            ("  delivered", summary.delivered),
            ("  dead-lettered", summary.dead_lettered),
            ("attempts retried", summary.retried),
            ("requests denied", summary.denied),
        ];
        for (name, count) in rows {
            println!("  {name:<24} {count:>12}");
        }
        let total = &summary.total;
        println!("  {:<24} {:>12}", "invoiced in this run", money(summary.amount_cents));
        println!(
            "  {:<24} {:>12}  in {} invoices",
            "invoiced in all",
            money(total.amount_cents),
            total.invoices
        );
        let (expected, invoices) = (money(total.expected_amount_cents), total.expected_invoices);
        println!("  {:<24} {expected:>12}  in {invoices} invoices", "the data set demands");
        let verdict =
            if summary.complete() { "every record is accounted for" } else { "the books do not balance" };
        println!("  {verdict}");
        Ok(())
    }

    pub(super) fn next_commands(&self, url: &str, token: &str) {
        if self.json {
            return;
        }
        println!("\nThe host goes on serving. In another terminal:\n");
        println!("  export LOCKGATE_URL={url}");
        println!("  export LOCKGATE_TOKEN={token}");
        println!("  lockgate connectors");
        println!("  lockgate profiles show stripe-main");
        println!("  lockgate runs list");
        println!("  lockgate logs --profile stripe-main");
        println!("  lockgate flows run {FLOW} --wait");
        println!("  curl -H \"authorization: Bearer $LOCKGATE_TOKEN\" $LOCKGATE_URL/v1/runs\n");
        println!("(`lockgate` is target/release/lockgate.)  Ctrl-C ends the demo.");
    }
}

pub(super) struct Progress(ProgressBar);

impl Progress {
    pub(super) fn show(&mut self, counts: &Counts) {
        self.0.set_position(counts.delivered + counts.skipped + counts.duplicate + counts.dead_lettered);
        self.0.set_message(format!("{} retried", counts.retried));
    }

    pub(super) fn finish(self) {
        self.0.finish();
    }
}

/// Cents as euros, with thousands apart.
fn money(cents: i64) -> String {
    let digits = (cents / 100).abs().to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let sign = if cents < 0 { "-" } else { "" };
    format!("{sign}{grouped}.{:02} EUR", (cents % 100).abs())
}
