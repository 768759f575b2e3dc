//! What a tenant may take at once: turns, pace, and nothing of its neighbour's.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use domain::Gate;
use tokio::time::Instant;

use super::remote::{Remote, Reply, answer};
use super::{World, body, denial, get, sender};
use crate::Refusal;

#[tokio::test]
async fn no_more_requests_are_under_way_than_a_tenant_may_have() {
    let remote = Remote::start(|_| Reply::Silence).await;
    let origin = remote.origin("a.test");
    let mut world = World::new().private(&origin).resolves("a.test", &[&["127.0.0.1"]]);
    world.options.in_flight_per_tenant = 2;
    world.options.total_timeout_ms = 400;
    let world = world.run();
    let url = format!("{origin}/");
    let hurried = || world.send(domain::egress::Request { timeout_ms: Some(100), ..get(&url) });
    let (a, b, c, d) = tokio::join!(world.send(get(&url)), world.send(get(&url)), hurried(), hurried());
    let sent = [a, b, c, d];
    for hurried in sent.iter().filter(|sent| matches!(sent.result, Err(Refusal::Denied(_)))) {
        assert!(denial(hurried, Gate::Budget).remedy.contains("in_flight_per_tenant"));
    }
    let refused = sent.iter().filter(|sent| matches!(sent.result, Err(Refusal::Denied(_)))).count();
    assert_eq!((refused, remote.connections()), (2, 2));
}

#[tokio::test]
async fn a_turn_comes_back_whatever_the_end() {
    let remote = Remote::start(|request| match request {
        request if request.starts_with("GET /hang") => Reply::Silence,
        request if request.starts_with("GET /bad") => Reply::Last(b"no".to_vec()),
        _ => Reply::Full(answer("ok")),
    })
    .await;
    let origin = remote.origin("a.test");
    let mut world = World::new().private(&origin).resolves("a.test", &[&["127.0.0.1"]]);
    world.options.in_flight_per_tenant = 1;
    world.options.total_timeout_ms = 2_000;
    let world = world.run();
    for _ in 0..3 {
        assert!(world.send(get(format!("{origin}/bad"))).await.result.is_err());
        // A caller that loses its patience drops the future.
        let hung =
            tokio::time::timeout(Duration::from_millis(30), world.send(get(format!("{origin}/hang")))).await;
        assert!(hung.is_err());
    }
    assert_eq!(body(&world.send(get(format!("{origin}/"))).await), "ok");
}

#[tokio::test]
async fn one_tenants_turns_and_connections_are_not_anothers() {
    let busy = Arc::new(AtomicUsize::new(0));
    let count = busy.clone();
    let remote = Remote::start(move |_| match count.fetch_add(1, Ordering::SeqCst) {
        0 => Reply::Silence,
        _ => Reply::Full(answer("ok")),
    })
    .await;
    let origin = remote.origin("a.test");
    let mut world = World::new().private(&origin).resolves("a.test", &[&["127.0.0.1"]]);
    world.options.in_flight_per_tenant = 1;
    let world = world.run();
    let permit = || world.permit(get(format!("{origin}/")));
    let (one, two) = (sender("one"), sender("two"));
    let hanging = world.egress.send(&one, permit(), &world.vault);
    let others = async {
        while busy.load(Ordering::SeqCst) == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        world.egress.send(&two, permit(), &world.vault).await
    };
    tokio::select! {
        sent = hanging => panic!("answered: {sent:?}"),
        sent = others => assert_eq!(body(&sent), "ok"),
    }
    let third = sender("three");
    assert_eq!(body(&world.egress.send(&third, permit(), &world.vault).await), "ok");
    assert_eq!(remote.connections(), 3, "a warm connection belongs to one tenant");
}

#[tokio::test]
async fn a_declared_rate_is_kept() {
    let remote = Remote::saying(answer("ok")).await;
    let origin = remote.origin("a.test");
    let world = World::new().private(&origin).resolves("a.test", &[&["127.0.0.1"]]);
    let world = World { rate: Some((20, 2)), ..world }.run();
    let began = Instant::now();
    for _ in 0..5 {
        world.send(get(format!("{origin}/"))).await.result.unwrap();
    }
    // Two at once, then three at twenty a second.
    assert!(began.elapsed() >= Duration::from_millis(149), "{:?}", began.elapsed());
}

#[tokio::test]
async fn waiting_for_the_rate_ends_with_the_requests_time() {
    let remote = Remote::saying(answer("ok")).await;
    let origin = remote.origin("a.test");
    let world = World::new().private(&origin).resolves("a.test", &[&["127.0.0.1"]]);
    let world = World { rate: Some((1, 1)), ..world }.run();
    world.send(get(format!("{origin}/"))).await.result.unwrap();
    let mut hurried = get(format!("{origin}/"));
    hurried.timeout_ms = Some(50);
    let sent = world.send(hurried).await;
    assert!(denial(&sent, Gate::Budget).reason.contains("rate"));
    assert_eq!(remote.seen().len(), 1);
}

/// So many names for one remote, each an origin of its own.
fn many_hosts(remote: &Remote, hosts: usize) -> World {
    (0..hosts).fold(World::new(), |world, at| {
        let name = format!("h{at}.test");
        world.private(&remote.origin(&name)).resolves(&name, &[&["127.0.0.1"]])
    })
}

#[tokio::test]
async fn many_hosts_do_not_make_many_connections() {
    let remote = Remote::saying(answer("ok")).await;
    let mut world = many_hosts(&remote, 200);
    world.options.in_flight_per_tenant = 4;
    world.options.connections_per_tenant = 6;
    world.options.idle_per_tenant = 5;
    let world = world.run();
    for batch in 0..10 {
        let urls = (0..20).map(|at| format!("{}/", remote.origin(&format!("h{}.test", batch * 20 + at))));
        let requests = urls.map(|url| world.send(get(url)));
        for sent in futures_util::future::join_all(requests).await {
            assert_eq!(body(&sent), "ok");
        }
    }
    // The remote sees the end of one a moment after another has begun. Without the cap it would be 36.
    assert!(remote.open_most() <= 12, "{} connections at once", remote.open_most());
    assert_eq!(remote.connections(), 200);
}

#[tokio::test]
async fn the_connections_of_all_tenants_are_bounded_and_the_oldest_kept_one_makes_room() {
    let remote = Remote::saying(answer("ok")).await;
    let mut world = many_hosts(&remote, 1);
    world.options.in_flight_max = 2;
    world.options.connections_max = 3;
    let world = world.run();
    let url = format!("{}/", remote.origin("h0.test"));
    for tenant in ["one", "two", "three", "four", "five", "four", "five"] {
        let sent = world.egress.send(&sender(tenant), world.permit(get(&url)), &world.vault).await;
        assert_eq!(body(&sent), "ok");
    }
    assert_eq!(remote.connections(), 5, "what was kept last is used again");
    assert!(remote.open_most() <= 4, "{} connections at once", remote.open_most());
}

#[tokio::test]
async fn what_nobody_uses_is_closed_with_the_door() {
    let remote = Remote::saying(answer("ok")).await;
    let world = many_hosts(&remote, 3).run();
    for at in 0..3 {
        world.send(get(format!("{}/", remote.origin(&format!("h{at}.test"))))).await.result.unwrap();
    }
    assert_eq!(remote.open(), 3);
    drop(world);
    while remote.open() > 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
