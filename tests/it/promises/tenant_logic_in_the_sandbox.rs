//! Mapping expressions meet the same limits as any other guest, and see nothing but their record.

use lockgate::domain::Blame;
use lockgate::domain::run::RunStatus;
use lockgate::{Kind, NewFlow};
use vendors::Faults;

use crate::harness::Town;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endless_mapping_ends_at_the_limit_and_its_records_are_kept() {
    let town = Town::new(Faults::none(), Faults::none()).await;
    town.flow("endless", "if .deal_id then (def f: f; f) else . end").await;
    let run = town.run("endless").await;
    assert_ne!(run.status, RunStatus::Succeeded);
    assert_eq!(run.counts.delivered, 0);
    let accounted = run.counts.dead_lettered + run.counts.waiting();
    assert_eq!(accounted, run.counts.read, "a record was lost: {:?}", run.counts);
    let failure = run.failure.expect("a reason");
    assert_eq!(
        (failure.code.as_str(), failure.blame),
        ("repeated_faults", Blame::Operator),
        "{}",
        failure.message
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mapping_that_does_not_parse_or_reaches_outside_is_refused_before_it_is_kept() {
    let town = Town::new(Faults::none(), Faults::none()).await;
    town.flow("good", ".").await;
    for program in [".a |", "env", "$ENV.PATH", "input", "include \"a\"; .", "now", "nonsense(1)"] {
        let mut new: NewFlow = new_from(&town, "good");
        new.name = "bad".parse().unwrap();
        new.mapping = Some(lockgate::domain::flow::Mapping { jq: program.to_owned() });
        let refused = town.tenant.create_flow(new).await.expect_err(program);
        assert_eq!(refused.kind, Kind::Invalid, "{program}: {refused}");
        assert!(town.tenant.flow(&"bad".parse().unwrap()).is_err());
    }
}

fn new_from(town: &Town, name: &str) -> NewFlow {
    let flow = town.tenant.flow(&name.parse().unwrap()).unwrap();
    NewFlow {
        name: flow.name,
        source: flow.source,
        mapping: flow.mapping,
        destination: flow.destination,
        schedule: flow.schedule,
        delivery: flow.delivery,
    }
}
