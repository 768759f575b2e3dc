//! What happens to a host: it is killed, its clock jumps, its remote is away, much waits for it.

mod clock;
mod killed;
mod queued;

use lockgate::domain::flow::{DeliveryPolicy, Destination, Source};
use lockgate::domain::retry::RetryPolicy;
use lockgate::{Host, NewFlow, Tenant};
use lockgate_tests::guests;
use vendors::Depot;

use crate::harness;

/// A tenant whose flow `ferry` carries records from the depot to the depot.
async fn ferry(host: &Host, depot: &Depot, retry: RetryPolicy) -> Tenant {
    let tenant = host.tenant("acme").unwrap();
    tenant.upload(guests::FERRY.to_vec()).await.unwrap();
    for name in ["from", "to"] {
        let scopes = ["things:read", "things:write"];
        harness::profile(&tenant, name, "ferry", &depot.url(), "depot-credential-1", &scopes).await;
    }
    let mut delivery = DeliveryPolicy::default();
    (delivery.batch, delivery.retry) = (25, retry);
    let new = NewFlow {
        name: "ferry".parse().unwrap(),
        source: Source { profile: "from".parse().unwrap(), trigger: "things".to_owned() },
        mapping: None,
        destination: Destination { profile: "to".parse().unwrap(), action: "put".to_owned() },
        schedule: None,
        delivery,
    };
    tenant.create_flow(new).await.unwrap();
    tenant
}
