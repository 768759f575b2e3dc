//! Where a request may go: judged on what the name resolved to, at the moment of dialling.

use domain::Gate;
use domain::exchange::{ExchangeOutcome, SendFailureKind};

use super::remote::{Remote, Reply, answer};
use super::{World, assert_failed, body, denial, get};

#[tokio::test]
async fn a_public_name_at_a_private_address_is_denied() {
    for address in
        ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "::ffff:127.0.0.1", "fd00:ec2::254", "0.0.0.0"]
    {
        let world = World::new().granted("https://a.test").resolves("a.test", &[&[address]]).run();
        let sent = world.send(get("https://a.test/x")).await;
        denial(&sent, Gate::Address);
        assert!(matches!(sent.exchanges[0].outcome, ExchangeOutcome::Denied { .. }), "{address}");
    }
}

#[tokio::test]
async fn one_blocked_answer_blocks_all() {
    let answers: &[&[&str]] = &[&["93.184.215.14", "127.0.0.1"]];
    let world = World::new().granted("https://a.test").resolves("a.test", answers).run();
    denial(&world.send(get("https://a.test/x")).await, Gate::Address);
}

#[tokio::test]
async fn a_name_that_the_operator_calls_private_is_still_not_at_the_metadata_service() {
    let world = World::new().private("http://a.test").resolves("a.test", &[&["169.254.169.254"]]).run();
    denial(&world.send(get("http://a.test/latest/meta-data")).await, Gate::Address);
}

#[tokio::test]
async fn a_name_that_moves_after_it_was_vetted_is_judged_again() {
    let remote = Remote::saying(answer("ok")).await;
    let origin = remote.origin("a.test");
    let answers: &[&[&str]] = &[&["127.0.0.1"], &["169.254.169.254"], &["127.0.0.1"]];
    let world = World::new().private(&origin).resolves("a.test", answers).run();
    assert_eq!(body(&world.send(get(format!("{origin}/1"))).await), "ok");
    // A warm connection to the good address must not hide that the name now means another one.
    denial(&world.send(get(format!("{origin}/2"))).await, Gate::Address);
    assert_eq!(body(&world.send(get(format!("{origin}/3"))).await), "ok");
    assert_eq!(remote.seen().len(), 2);
}

#[tokio::test]
async fn requests_at_once_each_go_to_the_address_that_was_vetted_for_them() {
    let remote = Remote::saying(answer("first")).await;
    let twin = format!("127.0.0.2:{}", remote.address.port()).parse().unwrap();
    let _second = Remote::at(twin, |_| Reply::Full(answer("second"))).await;
    let origin = remote.origin("a.test");
    let answers: &[&[&str]] = &[&["127.0.0.1"], &["127.0.0.2"], &["127.0.0.1"], &["127.0.0.2"]];
    let world = World::new().private(&origin).resolves("a.test", answers).run();
    let url = format!("{origin}/");
    let (a, b, c, d) = tokio::join!(
        world.send(get(&url)),
        world.send(get(&url)),
        world.send(get(&url)),
        world.send(get(&url))
    );
    assert_eq!([body(&a), body(&b), body(&c), body(&d)], ["first", "second", "first", "second"]);
}

#[tokio::test]
async fn a_literal_address_is_judged_and_no_resolver_is_asked() {
    let remote = Remote::saying(answer("ok")).await;
    let origin = remote.origin("127.0.0.1");
    let world = World::new().private(&origin).private("http://169.254.169.254").run();
    assert_eq!(body(&world.send(get(format!("{origin}/"))).await), "ok");
    assert_eq!(body(&world.send(get(format!("http://0x7f.1:{}/", remote.address.port()))).await), "ok");
    denial(&world.send(get("http://169.254.169.254/latest")).await, Gate::Address);
    assert!(world.names.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_name_that_does_not_resolve_is_a_failure_of_the_name() {
    let world = World::new().granted("https://a.test").run();
    assert_failed(&world.send(get("https://a.test/")).await, SendFailureKind::Name, false);
    let world = World::new().granted("https://a.test").resolves("a.test", &[&[]]).run();
    assert_failed(&world.send(get("https://a.test/")).await, SendFailureKind::Name, false);
}

#[tokio::test]
async fn a_request_leaves_from_the_address_that_its_profile_chose() {
    let remote = Remote::saying(answer("ok")).await;
    let origin = remote.origin("a.test");
    let url = format!("{origin}/");
    let offered = ["127.0.0.2", "127.0.0.3"].map(|address| address.parse().unwrap());
    let world = |chosen: Option<&str>| {
        let mut world = World::new().private(&origin).resolves("a.test", &[&["127.0.0.1"]]);
        world.options.egress_addresses = offered.to_vec();
        world.egress_address = chosen.map(|address| address.parse().unwrap());
        world.run()
    };
    // One door for all: what it keeps of one profile's connections must not serve another address.
    let (first, second, free) = (world(Some("127.0.0.2")), world(Some("127.0.0.3")), world(None));
    for running in [&first, &second, &free, &first, &second] {
        let permit = running.policy.judge(get(&url), domain::egress::Spent::default()).unwrap();
        let sent = first.egress.send(&super::sender("acme"), permit, &running.vault).await;
        assert_eq!(body(&sent), "ok");
    }
    let clients: Vec<String> = remote.clients().iter().map(ToString::to_string).collect();
    assert_eq!(
        clients,
        ["127.0.0.2", "127.0.0.3", "127.0.0.1"],
        "each connection serves its own address only"
    );
    assert_eq!(remote.seen().len(), 5);
}

#[tokio::test]
async fn an_address_that_the_operator_does_not_offer_is_refused_by_name() {
    let remote = Remote::saying(answer("ok")).await;
    let origin = remote.origin("a.test");
    let mut world = World::new().private(&origin).resolves("a.test", &[&["127.0.0.1"]]);
    world.egress_address = Some("127.0.0.2".parse().unwrap());
    let sent = world.run().send(get(format!("{origin}/"))).await;
    assert!(denial(&sent, Gate::Address).to_string().contains("--egress-address 127.0.0.2"));
    assert_eq!(remote.connections(), 0);

    let mut foreign = World::new();
    foreign.options.egress_addresses = vec!["192.0.2.1".parse().unwrap()];
    let resolver: std::sync::Arc<dyn domain::Resolver> = foreign.names.clone();
    let refused = crate::Egress::new(foreign.options, resolver, std::sync::Arc::new(super::Stopped));
    assert!(refused.err().unwrap().to_string().contains("192.0.2.1"));
}

#[tokio::test]
async fn nothing_of_the_other_family_is_reached_from_a_chosen_address() {
    let mut world = World::new().private("http://[::1]:9");
    world.options.egress_addresses = vec!["127.0.0.2".parse().unwrap()];
    world.egress_address = Some("127.0.0.2".parse().unwrap());
    assert_failed(&world.run().send(get("http://[::1]:9/")).await, SendFailureKind::Connect, false);
}
