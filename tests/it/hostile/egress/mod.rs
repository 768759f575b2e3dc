//! Requests that try to get past the gates: by spelling, by address, by name, by redirect, by grant.

mod addresses;
mod credentials;
mod explain;
mod grants;
mod names;
mod observe;
mod own_doors;
mod redirects;
mod wire;

use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use lockgate::domain::injected::{Later, NameError, Resolver};
use lockgate::{Host, Tenant};
use serde_json::{Value, json};

use crate::harness::{self, CANARY, Echo};

/// Answers in order, whatever the name; the last answer stays. Remembers what it was asked.
#[derive(Default)]
struct Names {
    answers: Mutex<Vec<Vec<IpAddr>>>,
    asked: Mutex<Vec<String>>,
}

impl Resolver for Names {
    fn resolve<'a>(&'a self, host: &'a str) -> Later<'a, Result<Vec<IpAddr>, NameError>> {
        self.asked.lock().unwrap().push(host.to_owned());
        let mut answers = self.answers.lock().unwrap();
        let answer = if answers.len() > 1 { Some(answers.remove(0)) } else { answers.first().cloned() };
        Box::pin(std::future::ready(answer.ok_or(NameError::NotFound)))
    }
}

impl Names {
    fn say(&self, answers: &[&[&str]]) {
        let parse = |texts: &&[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
        *self.answers.lock().unwrap() = answers.iter().map(parse).collect();
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// The probing guest, granted one origin and `things:read` there, an echo on loopback, and names that lie.
struct World {
    echo: Echo,
    names: Arc<Names>,
    host: Host,
    tenant: Tenant,
    /// The granted origin.
    base: String,
}

impl World {
    /// In `base` and in the private origins of the ceiling, `{port}` stands for the echo's port.
    async fn new(base: &str, private: &[&str]) -> Self {
        let echo = Echo::start().await;
        let port = echo.url.rsplit(':').next().unwrap();
        let filled = |text: &str| text.replace("{port}", port);
        let private: Vec<String> = private.iter().map(|text| filled(text)).collect();
        let private: Vec<&str> = private.iter().map(String::as_str).collect();
        let names = Arc::new(Names::default());
        let host = harness::reaching(&private).resolver(names.clone()).build().await.unwrap();
        let tenant = host.tenant("acme").unwrap();
        tenant.upload(lockgate_tests::guests::PROBER.to_vec()).await.unwrap();
        let base = filled(base);
        harness::profile(&tenant, "probe", "prober", &base, CANARY, &["things:read"]).await;
        Self { echo, names, host, tenant, base }
    }

    /// A public name, granted: what it resolves to is up to the test.
    async fn public() -> Self {
        Self::new("https://api.example.com", &[]).await
    }

    /// What the guest sees of one request.
    async fn fetch(&self, request: Value) -> Value {
        let called = harness::call(&self.tenant, "probe", "fetch", request).await;
        called.results.into_iter().next().unwrap().unwrap()
    }

    async fn get(&self, url: &str) -> Value {
        self.fetch(json!({ "url": url })).await
    }

    /// Denied at this gate, with a remedy, and with nothing sent.
    async fn denies(&self, request: Value, gate: &str) -> Value {
        let arrived = self.echo.heads().len();
        let seen = self.fetch(request.clone()).await;
        assert_eq!(seen["denied"]["gate"], gate, "{request} became {seen}");
        assert!(seen["denied"]["remedy"].as_str().is_some_and(|remedy| !remedy.is_empty()), "{seen}");
        assert_eq!(self.echo.heads().len(), arrived, "{request} arrived");
        seen
    }
}
