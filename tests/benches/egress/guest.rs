//! The same request asked for by a component: a fresh instance, its action, the door, the rows of the log.

use lockgate::{Host, Tenant};
use serde_json::json;

#[path = "../../it/harness/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the tests use all of it")]
mod harness;

pub struct Guest {
    _host: Host,
    tenant: Tenant,
}

impl Guest {
    pub async fn at(url: &str) -> Self {
        let host = harness::reaching(&[url]).build().await.expect("the host starts");
        let tenant = host.tenant("acme").expect("a tenant");
        tenant.upload(lockgate_tests::guests::PROBER.to_vec()).await.expect("the upload is admitted");
        harness::profile(&tenant, "probe", "prober", url, super::door::SECRET, &["things:read"]).await;
        Self { _host: host, tenant }
    }

    pub async fn get(&self, url: &str) {
        let called = harness::call(&self.tenant, "probe", "fetch", json!({ "url": url })).await;
        assert_eq!(called.results[0].as_ref().expect("the guest answers")["status"], 200);
    }
}
