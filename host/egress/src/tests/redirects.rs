//! Redirects: every hop is a new request, judged and equipped as one.

use domain::Gate;
use domain::exchange::ExchangeOutcome;

use super::credentials::bearer;
use super::remote::{Remote, Reply, answer, redirect};
use super::{World, body, denial, get, post};

#[tokio::test]
async fn a_redirect_to_another_granted_origin_is_followed_without_the_credential() {
    let target = Remote::saying(answer("there")).await;
    let to = target.origin("b.test");
    let source = Remote::saying(redirect(302, &format!("{to}/x"))).await;
    let from = source.origin("a.test");
    let world = World::new()
        .private(&from)
        .private(&to)
        .resolves("a.test", &[&["127.0.0.1"]])
        .resolves("b.test", &[&["127.0.0.1"]])
        .credential(&from, bearer("s3cr3t"))
        .run();
    let sent = world.send(get(format!("{from}/"))).await;
    assert_eq!(body(&sent), "there");
    assert!(source.seen()[0].contains("authorization: Bearer s3cr3t"));
    assert!(!target.seen()[0].contains("authorization"), "{}", target.seen()[0]);
    assert_eq!(sent.exchanges.len(), 2);
    assert!(matches!(sent.exchanges[0].outcome, ExchangeOutcome::Answered { status: 302, .. }));
}

#[tokio::test]
async fn a_redirect_within_the_origin_keeps_the_credential() {
    let remote = Remote::start(|request| {
        Reply::Full(if request.starts_with("GET /old") { redirect(301, "/new") } else { answer("new") })
    })
    .await;
    let origin = remote.origin("a.test");
    let world = World::new()
        .private(&origin)
        .resolves("a.test", &[&["127.0.0.1"]])
        .credential(&origin, bearer("s3cr3t"))
        .run();
    assert_eq!(body(&world.send(get(format!("{origin}/old"))).await), "new");
    assert!(remote.seen().iter().all(|request| request.contains("Bearer s3cr3t")));
}

#[tokio::test]
async fn a_redirect_to_what_was_not_granted_is_denied_and_leaves_a_row() {
    for (location, gate) in [
        ("http://169.254.169.254/latest/meta-data/", Gate::Scheme),
        ("https://169.254.169.254/latest/meta-data/", Gate::Ceiling),
        ("https://evil.test/?sig=s1gn3d", Gate::Hosts),
        ("//evil.test/", Gate::Scheme),
        ("file:///etc/passwd", Gate::Scheme),
        ("http://user:pw@a.test/", Gate::Normalise),
    ] {
        let remote = Remote::saying(redirect(307, location)).await;
        let origin = remote.origin("a.test");
        let world = World::new().private(&origin).resolves("a.test", &[&["127.0.0.1"]]).run();
        let sent = world.send(get(format!("{origin}/"))).await;
        denial(&sent, gate);
        let [first, second] = sent.exchanges.as_slice() else { panic!("{:?}", sent.exchanges) };
        assert!(matches!(first.outcome, ExchangeOutcome::Answered { status: 307, .. }));
        assert!(matches!(&second.outcome, ExchangeOutcome::Denied { denial } if denial.gate == gate));
        let shown = format!("{:?}", sent.exchanges);
        assert!(!shown.contains("s1gn3d") && !shown.contains("pw@"), "{shown}");
    }
}

#[tokio::test]
async fn a_redirect_to_a_granted_name_at_a_private_address_is_denied() {
    let remote = Remote::saying(redirect(302, "https://b.test/")).await;
    let origin = remote.origin("a.test");
    let world = World::new()
        .private(&origin)
        .granted("https://b.test")
        .resolves("a.test", &[&["127.0.0.1"]])
        .resolves("b.test", &[&["127.0.0.1"]])
        .run();
    denial(&world.send(get(format!("{origin}/"))).await, Gate::Address);
}

#[tokio::test]
async fn a_loop_of_redirects_ends() {
    let remote = Remote::saying(redirect(302, "/again")).await;
    let origin = remote.origin("a.test");
    let world = World::new().private(&origin).resolves("a.test", &[&["127.0.0.1"]]).run();
    denial(&world.send(get(format!("{origin}/"))).await, Gate::Budget);
    assert_eq!(remote.seen().len(), 6);
}

#[tokio::test]
async fn a_redirect_of_a_post_is_the_answer() {
    let remote = Remote::saying(redirect(303, "/elsewhere")).await;
    let origin = remote.origin("a.test");
    let world = World::new().private(&origin).resolves("a.test", &[&["127.0.0.1"]]).run();
    let response = world.send(post(format!("{origin}/"), "x")).await.result.unwrap();
    assert_eq!((response.status, response.body.as_slice()), (303, &b"no"[..]));
    assert_eq!(remote.seen().len(), 1);
}
