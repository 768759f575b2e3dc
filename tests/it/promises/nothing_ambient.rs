//! A connector can reach nothing it was not granted: no files, no sockets, no environment, no other tenant.

use lockgate::Kind;
use serde_json::json;

use crate::harness::{self, Probed};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_finds_no_environment_no_files_and_no_sockets() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let url = format!("http://{address}");
    let host = harness::reaching(&[&url]).build().await.unwrap();
    let tenant = host.tenant("acme").unwrap();
    tenant.upload(lockgate_tests::guests::AMBIENT.to_vec()).await.unwrap();
    harness::profile(&tenant, "ambient", "ambient", &url, harness::CANARY, &[]).await;
    let called = harness::call(&tenant, "ambient", "look", json!({ "address": address })).await;
    let found = called.results[0].as_ref().unwrap();
    assert_eq!(found["environment"], json!([]));
    assert_eq!(found["arguments"], json!([]));
    for reach in
        ["read_root", "read_passwd", "write_file", "current_dir", "connect", "listen", "datagram", "look_up"]
    {
        assert_eq!(found[reach], "refused", "{reach}: {found}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_tenants_things_look_as_if_they_were_not_there() {
    let probed = Probed::new().await;
    let other = probed.host.tenant("globex").unwrap();
    let name = "probe".parse().unwrap();
    let theirs = other.profile(&name).unwrap_err();
    let nobodys = other.profile(&"never-was".parse().unwrap()).unwrap_err();
    assert_eq!((theirs.kind, theirs.code), (Kind::NotFound, nobodys.code));
    assert_eq!(theirs.message.replace("probe", "never-was"), nobodys.message);
    assert!(other.call(&name, "echo", vec![json!({})], None).await.is_err());
    assert_eq!(other.connectors(None, 10).unwrap().items.len(), 0);
    assert_eq!(other.logs(lockgate::LogFilter::default(), 10).unwrap().items.len(), 0);
}
