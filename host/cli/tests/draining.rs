//! A host that is told to end while it works: it takes nothing new, lets its calls finish, and ends with 0; the next one
//! goes on, and nothing was done twice.
#![cfg(unix)]
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests write the files that a user would have, and end at the first surprise"
)]

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use vendors::{Crm, CrmOptions, Stripe, StripeOptions, northwind};

mod program;
mod served;

use program::lockgate;

struct Served {
    host: served::Host,
    token: String,
}

impl Served {
    fn start(folder: &Path) -> Self {
        let data = folder.join("data");
        let ceiling = folder.join("ceiling.json");
        let words = ["--tenant-token", "acme", "--ceiling", ceiling.to_str().unwrap()];
        let host = served::serve(&data, &words);
        let token = std::fs::read_to_string(data.join("acme.token")).unwrap().trim().to_owned();
        Self { host, token }
    }

    fn ask(&self, words: &[&str], input: &str) -> String {
        let mut child = lockgate()
            .args(words)
            .env("LOCKGATE_URL", &self.host.url)
            .env("LOCKGATE_TOKEN", &self.token)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn profile(
        &self,
        folder: &Path,
        connector: &str,
        bytes: &[u8],
        url: &str,
        secret: &str,
        scopes: &[&str],
    ) {
        let component = folder.join(format!("{connector}.wasm"));
        std::fs::write(&component, bytes).unwrap();
        self.ask(&["upload", component.to_str().unwrap()], "");
        let config = json!({ "api_base": url }).to_string();
        let create = ["profiles", "create", connector, "--connector", connector, "--auth", "bearer"];
        let more = ["--config", &config, "--rate", "10000:10000"];
        self.ask(&[&create[..], &more[..]].concat(), "");
        self.ask(&["profiles", "credential", connector], secret);
        let mut grant = vec!["profiles", "grant", connector, "--host", url];
        for scope in scopes {
            grant.extend(["--scope", scope]);
        }
        self.ask(&grant, "");
    }

    /// As a service manager ends it.
    fn terminate(mut self) -> i32 {
        let sent = Command::new("kill").args(["-TERM", &self.host.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
        self.host.child.wait().unwrap().code().expect("it ends by itself, and not by the signal")
    }
}

fn until(what: &str, mut done: impl FnMut() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < Duration::from_secs(120), "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_host_that_is_told_to_end_under_load_finishes_its_calls_and_ends_well() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (crm, stripe) = runtime.block_on(async {
        let crm = Crm::start(CrmOptions::default()).await.unwrap();
        (crm, Stripe::start(StripeOptions::default()).await.unwrap())
    });
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let ceiling = json!({ "private": [crm.url(), stripe.url()] });
    std::fs::write(path.join("ceiling.json"), ceiling.to_string()).unwrap();
    let served = Served::start(path);
    let crm_scopes = ["crm.objects.contacts.read", "crm.objects.deals.read"];
    let token = CrmOptions::default().token;
    served.profile(path, "crm", plugins::CRM, &crm.url(), &token, &crm_scopes);
    let stripe_scopes = ["customers:read", "customers:write", "invoices:write"];
    let key = StripeOptions::default().key;
    served.profile(path, "stripe", plugins::STRIPE, &stripe.url(), &key, &stripe_scopes);
    let mapping = path.join("mapping.jq");
    std::fs::write(&mapping, include_str!("../src/demo/mapping.jq")).unwrap();
    let create =
        ["flows", "create", "deals", "--from", "crm:closed_won_deals", "--to", "stripe:create_invoice"];
    let more = ["--map", mapping.to_str().unwrap(), "--batch", "5", "--parallel", "3"];
    served.ask(&[&create[..], &more[..]].concat(), "");
    served.ask(&["flows", "run", "deals"], "");

    let mut served = served;
    let mut endings = 0;
    for enough in [20, 200] {
        until("some invoices", || stripe.invoices().len() >= enough);
        assert_eq!(served.terminate(), 0);
        endings += 1;
        let after = stripe.invoices().len();
        std::thread::sleep(Duration::from_millis(100));
        assert_eq!(stripe.invoices().len(), after, "nothing is done by a host that has ended");
        served = Served::start(path);
    }
    assert_eq!(endings, 2);
    let run = || -> Value {
        let runs: Value = serde_json::from_str(&served.ask(&["runs", "--json"], "")).unwrap();
        runs["items"][0].clone()
    };
    until("the end of the run", || run()["status"] == "succeeded");
    let deals = northwind::orders().iter().filter(|order| order.shipped.is_some()).count();
    assert_eq!(run()["counts"]["delivered"], deals);
    let mut by_deal: BTreeMap<String, usize> = BTreeMap::new();
    for invoice in stripe.invoices() {
        *by_deal.entry(invoice.metadata["deal_id"].clone()).or_default() += 1;
    }
    assert_eq!(by_deal.len(), deals);
    assert!(by_deal.values().all(|count| *count == 1), "a deal was invoiced twice");
    assert_eq!(served.terminate(), 0);
}
