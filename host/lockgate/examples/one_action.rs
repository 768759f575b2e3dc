//! Uploads a component and runs one of its actions in the sandbox.
#![allow(clippy::print_stdout, reason = "an example is for looking at")]

use std::collections::BTreeSet;

use lockgate::domain::Secret;
use lockgate::{AuthChoice, Host, NewProfile};
use serde_json::json;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    lockgate::run_if_compile_worker(); // Uploads are compiled in a child of this program, under limits.
    let host = Host::builder().build().await?; // In memory; `.data_dir("data")` keeps everything.
    let acme = host.tenant("acme")?;
    acme.upload(plugins::STRIPE.to_vec()).await?;

    let (name, connector) = ("billing".parse()?, "stripe".parse()?);
    let auth = Some(AuthChoice { kind: "bearer".into(), user: None });
    let new = NewProfile {
        name,
        connector,
        version: None,
        config: json!({}),
        auth,
        rate: None,
        egress_address: None,
    };
    let billing = acme.create_profile(new).await?;
    acme.set_credential(&billing.name, Secret::new("sk_test_example")).await?;
    let hosts = acme.requested_hosts(&billing)?;
    acme.grant(&billing.name, &hosts, &BTreeSet::from(["customers:read".parse()?])).await?;

    // Nothing grants `balance:read`: the call is refused by name, before any code of the connector is started.
    match acme.call(&billing.name, "get_balance", vec![json!({})], None).await {
        Ok(called) => println!("{:?}", called.results),
        Err(refused) => println!("{}: {refused}", refused.code),
    }
    Ok(())
}
