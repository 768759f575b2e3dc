//! A credential that the remote refuses: renewed where somebody can, the request sent once more, and never a third time.

use domain::call::Limits;
use domain::egress::{Credential, CredentialPlace, Placed};
use domain::exchange::ExchangeOutcome;
use domain::injected::Renewal;
use domain::{Gate, Secret};

use super::credentials::bearer;
use super::remote::{Remote, Reply, answer};
use super::{Running, World, body, get, post};

fn renewable(secret: &str, version: u64) -> Credential {
    Credential { version, refused_with: vec![401], ..bearer(secret) }
}

fn refusal() -> Vec<u8> {
    let text = "expired: old-s3cr3t";
    format!(
        "HTTP/1.1 401 No\r\nwww-authenticate: Bearer error=\"invalid_token\"\r\ncontent-length: {}\r\n\r\n{text}",
        text.len()
    )
    .into_bytes()
}

/// Refuses what does not carry this.
async fn remote(wanted: &'static str) -> Remote {
    Remote::start(move |request| {
        if request.contains(wanted) { Reply::Full(answer("come in")) } else { Reply::Full(refusal()) }
    })
    .await
}

fn world(remote: &Remote, credential: Credential) -> (String, World) {
    let origin = remote.origin("a.test");
    let world =
        World::new().private(&origin).resolves("a.test", &[&["127.0.0.1"]]).credential(&origin, credential);
    (origin, world)
}

fn statuses(running: &super::Sent) -> Vec<u16> {
    let status = |exchange: &domain::exchange::Exchange| match &exchange.outcome {
        ExchangeOutcome::Answered { status, .. } => *status,
        other => panic!("not answered: {other:?}"),
    };
    running.exchanges.iter().map(status).collect()
}

fn told(running: &Running) -> Vec<u64> {
    running.vault.refused.lock().unwrap().iter().map(|(version, _)| *version).collect()
}

#[tokio::test]
async fn the_same_request_goes_once_more_with_the_new_credential() {
    let remote = remote("Bearer new-s3cr3t").await;
    let (origin, world) = world(&remote, renewable("old-s3cr3t", 7));
    let running = world.renews(Renewal::Renewed, renewable("new-s3cr3t", 8)).run();
    let sent = running.send(post(format!("{origin}/p"), "the body")).await;
    assert_eq!(body(&sent), "come in");
    let seen = remote.seen();
    assert_eq!(seen.len(), 2);
    assert!(seen.iter().all(|request| request.starts_with("POST /p ") && request.ends_with("the body")));
    assert_eq!(statuses(&sent), [401, 200], "a row for each try");
    assert_eq!(sent.exchanges.iter().map(|row| row.request_bytes).collect::<Vec<_>>(), [8, 8]);
    let refused = running.vault.refused.lock().unwrap();
    let (version, told) = &refused[0];
    assert_eq!((*version, told.status, told.body.as_slice()), (7, 401, &b"expired: ***"[..]));
    assert!(told.headers.iter().any(|(name, _)| name == "www-authenticate"));
    assert!(!format!("{sent:?}").contains("s3cr3t"));
}

#[tokio::test]
async fn what_is_refused_again_is_told_and_not_tried_again() {
    let remote = remote("nobody has this").await;
    let (origin, world) = world(&remote, renewable("old-s3cr3t", 1));
    let world = world.renews(Renewal::Renewed, renewable("new-s3cr3t", 2));
    let running = world.renews(Renewal::Renewed, renewable("third-s3cr3t", 3)).run();
    let sent = running.send(get(format!("{origin}/"))).await;
    assert_eq!((sent.result.as_ref().unwrap().status, remote.seen().len()), (401, 2));
    assert_eq!(told(&running), [1, 2], "so that it can be taken for final");
}

#[tokio::test]
async fn nobody_is_asked_where_the_scheme_did_not_ask_for_it() {
    let remote = remote("nobody has this").await;
    for credential in [bearer("old-s3cr3t"), Credential { refused_with: vec![403], ..bearer("old-s3cr3t") }] {
        let (origin, world) = world(&remote, credential);
        let running = world.renews(Renewal::Renewed, renewable("new-s3cr3t", 2)).run();
        let sent = running.send(get(format!("{origin}/"))).await;
        assert_eq!((sent.result.unwrap().status, sent.exchanges.len()), (401, 1));
        assert!(told(&running).is_empty());
    }
}

#[tokio::test]
async fn an_answer_stands_where_there_is_no_other_credential_or_no_budget_for_another_try() {
    let remote = remote("Bearer new-s3cr3t").await;
    let (origin, world) = world(&remote, renewable("old-s3cr3t", 1));
    let running = world.renews(Renewal::None, renewable("new-s3cr3t", 2)).run();
    assert_eq!(statuses(&running.send(get(format!("{origin}/"))).await), [401]);

    let (origin, mut world) = self::world(&remote, renewable("old-s3cr3t", 1));
    world.limits = Limits { requests: 1, ..Limits::default() };
    let running = world.renews(Renewal::Renewed, renewable("new-s3cr3t", 2)).run();
    assert_eq!(statuses(&running.send(get(format!("{origin}/"))).await), [401]);
}

#[tokio::test]
async fn a_credential_of_several_parts_goes_into_all_its_places_and_only_its_secrets_are_masked() {
    let text = "you sent k3y-one-1 and k3y-two-2 on 20261122T080000Z";
    let remote = Remote::saying(answer(text)).await;
    let header = |name: &str| CredentialPlace::Header(name.to_owned());
    let credential = Credential::of(
        vec![
            Placed::secret(header("authorization"), Secret::new("k3y-one-1")),
            Placed::open(header("x-amz-date"), "20261122T080000Z"),
            Placed::secret(CredentialPlace::Query("sig".to_owned()), Secret::new("k3y-two-2")),
        ],
        Vec::new(),
    );
    let (origin, world) = world(&remote, credential);
    let running = world.run();
    let sent = running.send(get(format!("{origin}/p?a=1"))).await;
    assert_eq!(body(&sent), "you sent *** and *** on 20261122T080000Z");
    let seen = &remote.seen()[0];
    assert!(seen.starts_with("GET /p?a=1&sig=k3y-two-2 HTTP/1.1"), "{seen}");
    assert!(
        seen.contains("authorization: k3y-one-1\r\n") && seen.contains("x-amz-date: 20261122T080000Z\r\n")
    );
    let row = &sent.exchanges[0];
    assert_eq!(row.url, format!("{origin}/p?a=1&sig=***"));
    let shown: Vec<_> =
        row.request_headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(shown[..2], [("authorization", "***"), ("x-amz-date", "20261122T080000Z")]);
    let asked = running.vault.asked.lock().unwrap();
    assert_eq!(asked[0].0, format!("{origin}/p?a=1"), "the credential is made for the request as it is sent");
}

#[tokio::test]
async fn a_key_goes_into_a_field_of_the_body_that_the_guest_cannot_set() {
    let remote =
        Remote::start(|request| Reply::Full(answer(request.split_once("\r\n\r\n").unwrap().1))).await;
    let place = CredentialPlace::JsonField("api_key".to_owned());
    let (origin, world) = world(&remote, Credential::one(place, Secret::new("k3y-in-the-body"), Vec::new()));
    let running = world.run();
    let json = |text: &str| {
        let mut request = post(format!("{origin}/"), text);
        request.headers.push(("content-type".to_owned(), b"application/json".to_vec()));
        request
    };
    let sent = running.send(json(r#"{"a": 1}"#)).await;
    assert_eq!(body(&sent), r#"{"api_key":"***","a": 1}"#);
    assert!(remote.seen()[0].contains("content-length: 36\r\n"), "{}", remote.seen()[0]);
    let sent = running.send(post(format!("{origin}/"), "")).await;
    assert_eq!(body(&sent), r#"{"api_key":"***"}"#);
    assert!(remote.seen()[1].contains("content-type: application/json\r\n"));
    for (request, part) in [
        (json(r#"{"API_KEY": "mine"}"#), "carries the profile's credential"),
        (json("[]"), "no JSON object"),
        (get(format!("{origin}/")), "has no body"),
    ] {
        let refused = running.policy.judge(request, domain::egress::Spent::default()).unwrap_err();
        assert!(refused.gate == Gate::Credential && refused.reason.contains(part), "{refused}");
    }
    assert!(!format!("{sent:?}").contains("k3y-in-the-body"));
}
