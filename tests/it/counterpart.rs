//! A Stripe server that we did not write: what the sandbox sends must mean to it what it means to us.

use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::harness;

const KEY: &str = "sk_test_12345";

/// The server, ended with the test.
struct LocalStripe {
    child: Child,
    url: String,
}

impl Drop for LocalStripe {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl LocalStripe {
    /// None where it is not installed.
    async fn start() -> Option<Self> {
        let installed =
            PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/localstripe/bin/localstripe");
        if !installed.exists() {
            eprintln!(
                "SKIPPED: localstripe is not installed. To run this test: python3 -m venv target/localstripe && \
                 target/localstripe/bin/pip install localstripe"
            );
            return None;
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = Command::new(installed)
            .args(["--port", &port.to_string(), "--from-scratch"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("localstripe starts");
        let started = Self { child, url: format!("http://127.0.0.1:{port}") };
        for _ in 0..600 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Some(started);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("localstripe does not listen on {}", started.url);
    }

    /// Through its own API, past the sandbox.
    async fn get(&self, path: &str) -> Value {
        json_of(client().get(format!("{}{path}", self.url)).bearer_auth(KEY)).await
    }

    /// Through its own API, past the sandbox.
    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Value {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = client().post(format!("{}{path}", self.url)).bearer_auth(KEY).body(form);
        json_of(request.header("content-type", "application/x-www-form-urlencoded")).await
    }
}

fn client() -> reqwest::Client {
    // The first caller chooses for the process, and every caller chooses the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().unwrap()
}

async fn json_of(request: reqwest::RequestBuilder) -> Value {
    let response = request.send().await.unwrap();
    let (status, text) = (response.status(), response.text().await.unwrap());
    assert!(status.is_success(), "{status}: {text}");
    serde_json::from_str(&text).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn customers_and_invoices_made_through_the_sandbox_are_read_back_from_localstripe() {
    let Some(remote) = LocalStripe::start().await else { return };
    let host = harness::reaching(&[&remote.url]).build().await.unwrap();
    let tenant = host.tenant("acme").unwrap();
    tenant.upload(plugins::STRIPE.to_vec()).await.unwrap();
    harness::profile(&tenant, "billing", "stripe", &remote.url, KEY, harness::STRIPE_SCOPES).await;
    tenant.check(&"billing".parse().unwrap()).await.unwrap().unwrap();

    let made = |called: lockgate::Called| called.results.into_iter().next().unwrap().unwrap();
    let customer = json!({ "email": "jürgen@northwind.example", "name": "Königlich Essen & Söhne" });
    let customer = made(harness::call(&tenant, "billing", "create_customer", customer).await);
    let customer_id = customer["customer_id"].as_str().unwrap().to_owned();
    let read = remote.get(&format!("/v1/customers/{customer_id}")).await;
    assert_eq!(read["email"], "jürgen@northwind.example");
    assert_eq!(read["name"], "Königlich Essen & Söhne");

    // This server makes invoices for subscribers only, so the customer gets a subscription that costs nothing.
    remote.post("/v1/products", &[("id", "retainer"), ("name", "Retainer"), ("type", "service")]).await;
    let plan = [
        ("id", "free"),
        ("product", "retainer"),
        ("amount", "0"),
        ("currency", "eur"),
        ("interval", "month"),
    ];
    remote.post("/v1/plans", &plan).await;
    remote.post("/v1/subscriptions", &[("customer", &customer_id), ("items[0][plan]", "free")]).await;

    let item = json!({
        "customer_id": customer_id, "amount_cents": 44_517, "currency": "eur", "description": "Order 10248 [1/2]",
    });
    made(harness::call(&tenant, "billing", "create_invoice_item", item).await);
    let invoice =
        json!({ "customer_id": customer_id, "currency": "eur", "lines": [], "pending_items": "include" });
    let invoice = made(harness::call(&tenant, "billing", "create_invoice", invoice).await);

    let read = remote.get(&format!("/v1/invoices/{}", invoice["invoice_id"].as_str().unwrap())).await;
    assert_eq!(read["customer"], customer_id.as_str());
    assert_eq!((&read["currency"], &read["total"]), (&json!("eur"), &json!(44_517)));
    let lines = read["lines"]["data"].as_array().unwrap();
    assert!(
        lines.iter().any(|line| line["description"] == "Order 10248 [1/2]" && line["amount"] == 44_517),
        "{read}"
    );
}
