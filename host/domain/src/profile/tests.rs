//! The status machine: tables of what leads where, and what holds for every sequence of outcomes.

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::blame::Blame;
use crate::connector::ConnectorRef;
use crate::denial::Gate;
use crate::injected::Timestamp;

const DAY_MS: u64 = 86_400_000;

fn at(ms: i64) -> Timestamp {
    Timestamp::from_ms(ms)
}

/// Enabled, without a credential to wait for and without a host to be granted.
fn profile() -> Profile {
    let connector = ConnectorRef { name: "c".parse().unwrap(), version: semver::Version::new(1, 0, 0) };
    let profile = Profile::new("p".parse().unwrap(), connector, Value::Null, None, at(0));
    Profile { needs_no_host: true, ..profile }
}

fn with_auth() -> Profile {
    Profile { auth: Some(Auth { scheme: wit::AuthScheme::Bearer, user: None }), ..profile() }
}

fn failure(code: &str, blame: Blame, last: LastExchange) -> OutcomeFailure {
    OutcomeFailure::counted(code, blame, last).unwrap_or_else(|| panic!("{code} does not count"))
}

/// `.` a success, `5` a server error, `n` the network, `a` a refused credential, `t` a trap.
fn note(profile: &mut Profile, at_ms: i64, letter: char) {
    let failure = match letter {
        '.' => None,
        '5' => Some(failure("transient", Blame::Remote, LastExchange::Answered(503))),
        'n' => Some(failure("transient", Blame::Remote, LastExchange::Failed)),
        'a' => Some(failure("auth_required", Blame::Operator, LastExchange::Answered(401))),
        't' => Some(failure("trap", Blame::Guest, LastExchange::None)),
        other => panic!("{other}"),
    };
    profile.note(CallOutcome { at: at(at_ms), failure });
}

fn after(letters: &str) -> Profile {
    let mut profile = profile();
    for (ms, letter) in (0..).zip(letters.chars()) {
        note(&mut profile, ms, letter);
    }
    profile
}

#[test]
fn the_last_five_outcomes_lead_here() {
    use Reason::{AuthRevoked, ConnectorTrap, Network, NeverChecked, Upstream5xx};
    use Status::{Active, Degraded, Pending};
    for (letters, expected) in [
        ("", (Pending, Some(NeverChecked))),
        (".", (Active, None)),
        ("...", (Active, None)),
        // It has never worked.
        ("5", (Degraded, Some(Upstream5xx))),
        ("5.", (Degraded, Some(Upstream5xx))),
        ("5....", (Degraded, Some(Upstream5xx))),
        ("5.....", (Active, None)),
        // It has worked: four failures do not degrade it, five do, and five successes bring it back.
        (".5", (Active, None)),
        (".5555", (Active, None)),
        (".5n5n", (Active, None)),
        (".55555", (Degraded, Some(Upstream5xx))),
        (".5555n", (Degraded, Some(Network))),
        (".5555.", (Active, None)),
        (".55555.", (Degraded, Some(Upstream5xx))),
        (".55555....", (Degraded, Some(Upstream5xx))),
        (".55555.....", (Active, None)),
        (".55555..n.....", (Active, None)),
        // One refused credential is enough, and so is one success after it.
        (".....a", (Degraded, Some(AuthRevoked))),
        ("a", (Degraded, Some(AuthRevoked))),
        (".....a.", (Active, None)),
        (".....a5", (Degraded, Some(AuthRevoked))),
        (".....a55555n", (Degraded, Some(AuthRevoked))),
        ("55555a.", (Active, None)),
        ("ttttt", (Degraded, Some(ConnectorTrap))),
        ("....ttttt", (Degraded, Some(ConnectorTrap))),
    ] {
        assert_eq!(after(letters).status(at(1_000)), expected, "{letters:?}");
    }
}

#[test]
fn what_was_intended_and_what_is_missing_come_before_the_outcomes() {
    use Status::{Active, Degraded, Disabled, Pending};
    let now = at(1_000);
    let mut profile = Profile { needs_no_host: false, ..with_auth() };
    assert_eq!(profile.status(now), (Pending, Some(Reason::CredentialMissing)));
    profile.credential.hand_off_until = Some(at(1_001));
    assert_eq!(profile.status(now), (Pending, Some(Reason::HandoffPending)));
    profile.credential.hand_off_until = Some(at(1_000));
    assert_eq!(profile.status(now), (Pending, Some(Reason::HandoffExpired)));
    profile.replace_credential(now, CredentialTerms::default());
    assert_eq!(profile.status(now), (Pending, Some(Reason::GrantMissing)));
    profile.grant.hosts = ["https://api.example.com".parse().unwrap()].into();
    assert_eq!(profile.status(now), (Pending, Some(Reason::NeverChecked)));
    note(&mut profile, 1_000, '.');
    assert_eq!(profile.status(now), (Active, None));
    let ends = CredentialTerms { expires_at: Some(at(2_000)), ..CredentialTerms::default() };
    profile.replace_credential(now, ends);
    note(&mut profile, 1_000, '.');
    assert_eq!(profile.status(at(1_999)), (Active, None));
    assert_eq!(profile.status(at(2_000)), (Degraded, Some(Reason::AuthExpired)));
    profile.replace_credential(now, CredentialTerms::default());
    let reason = CredentialReason::AuthRevoked;
    profile.credential.problem =
        Some(CredentialProblem { reason, code: "invalid_grant".to_owned(), since: now });
    assert_eq!(profile.status(now), (Degraded, Some(Reason::AuthRevoked)), "no call has to fail first");
    profile.enabled = false;
    assert_eq!(profile.status(at(2_000)), (Disabled, Some(Reason::Paused)));
}

#[test]
fn what_says_nothing_about_a_profile_does_not_count() {
    use LastExchange::{Answered, Denied, Failed, None};
    for (code, blame, last) in [
        ("rate_limited", Blame::Remote, Answered(429)),
        ("not_found", Blame::Remote, Answered(404)),
        ("invalid", Blame::Guest, Answered(422)),
        ("conflict", Blame::Remote, Answered(409)),
        ("permanent", Blame::Remote, Answered(400)),
        ("transient", Blame::Remote, Answered(429)),
        ("denied", Blame::Operator, Denied(Gate::Budget)),
        ("host", Blame::Host, None),
        ("invalid_record", Blame::Guest, Answered(200)),
        ("trap", Blame::Operator, None),
    ] {
        assert_eq!(OutcomeFailure::counted(code, blame, last), Option::None, "{code} {last:?}");
    }
    for (code, blame, last, reason) in [
        ("auth_required", Blame::Operator, None, Reason::AuthRevoked),
        ("permanent", Blame::Remote, Answered(401), Reason::AuthRevoked),
        ("denied", Blame::Operator, Denied(Gate::Credential), Reason::AuthRevoked),
        ("denied", Blame::Operator, Denied(Gate::Scope), Reason::ScopeMissing),
        ("denied", Blame::Operator, Denied(Gate::Hosts), Reason::EgressDenied),
        ("transient", Blame::Remote, Answered(500), Reason::Upstream5xx),
        ("transient", Blame::Remote, Failed, Reason::Network),
        ("permanent", Blame::Remote, Failed, Reason::Network),
        ("wall_limit", Blame::Guest, Failed, Reason::Network),
        ("wall_limit", Blame::Guest, None, Reason::ConnectorTrap),
        ("ambiguous", Blame::Guest, Answered(200), Reason::ConnectorTrap),
        ("trap", Blame::Guest, Answered(200), Reason::ConnectorTrap),
    ] {
        assert_eq!(failure(code, blame, last).reason(), reason, "{code} {last:?}");
    }
}

#[test]
fn a_row_of_an_earlier_build_is_judged_by_its_last_outcome() {
    let row = serde_json::json!({
        "name": "p", "connector": { "name": "c", "version": "1.0.0" }, "config": {}, "auth": null,
        "grant": { "hosts": ["https://api.example.com"], "scopes": [], "granted_at": null },
        "enabled": true, "credential_set": false,
        "outcomes": [{ "at": "1970-01-01T00:00:00.000Z", "failure": { "code": "auth_required", "blame": "operator" } }],
        "created_at": "1970-01-01T00:00:00.000Z", "updated_at": "1970-01-01T00:00:00.000Z",
    });
    let mut profile: Profile = serde_json::from_value(row).unwrap();
    assert_eq!(profile.status(at(1)), (Status::Degraded, Some(Reason::AuthRevoked)));
    profile.note(CallOutcome { at: at(2), failure: None });
    assert_eq!(profile.status(at(3)), (Status::Active, None));
}

#[test]
fn a_change_is_written_down_once_with_its_time_and_its_reason() {
    let mut profile = with_auth();
    assert_eq!(profile.restand(at(1)), None, "how it began is no change");
    profile.replace_credential(at(2), CredentialTerms::default());
    assert_eq!(profile.restand(at(2)), None, "it waits for something else now");
    note(&mut profile, 3, '.');
    let change = profile.restand(at(3)).unwrap();
    assert_eq!((change.old, change.new, change.reason), (Status::Pending, Status::Active, None));
    assert_eq!(profile.restand(at(4)), None);
    assert_eq!(profile.since(at(9)), at(3));
    for ms in 10..15 {
        note(&mut profile, ms, '5');
    }
    let change = profile.restand(at(15)).unwrap();
    assert_eq!((change.new, change.reason), (Status::Degraded, Some(Reason::Upstream5xx)));
    note(&mut profile, 16, 'n');
    assert_eq!(profile.restand(at(16)), None, "another reason alone is told to nobody");
    assert_eq!(profile.standing.unwrap().reason, Some(Reason::Network));
    note(&mut profile, 17, 'a');
    assert_eq!(profile.restand(at(17)).unwrap().reason, Some(Reason::AuthRevoked), "somebody has to act");
    assert_eq!(profile.history.len(), 3);
    for n in 0..100 {
        profile.enabled = !profile.enabled;
        profile.restand(at(100 + n));
    }
    assert_eq!(profile.history.len(), HISTORY_KEPT);
    assert_eq!(profile.history.last().unwrap().at, at(199));
}

#[test]
fn after_a_refused_credential_one_call_goes_every_thirty_seconds() {
    let mut profile = after("...");
    assert_eq!(profile.may_try(at(5)), MayTry::Yes);
    note(&mut profile, 1_000, 'a');
    let until = at(31_000);
    assert_eq!(profile.may_try(at(1_000)), MayTry::Wait { until });
    assert_eq!(profile.may_try(at(30_999)), MayTry::Wait { until });
    assert_eq!(profile.may_try(at(31_000)), MayTry::Probe);
    profile.probe_at = Some(at(31_000));
    assert_eq!(profile.may_try(at(31_001)), MayTry::Wait { until: at(61_000) }, "another one is finding out");
    assert_eq!(profile.may_try(at(61_000)), MayTry::Probe, "which never said what it found");
    assert_eq!(profile.may_try(at(-9_000_000)), MayTry::Probe, "a clock set back does not hold it for ever");
    note(&mut profile, 61_000, 'n');
    assert_ne!(profile.may_try(at(61_001)), MayTry::Yes, "no answer does not make it good");
    note(&mut profile, 61_002, '.');
    assert_eq!(profile.may_try(at(61_003)), MayTry::Yes);
    note(&mut profile, 61_004, 'a');
    profile.replace_credential(at(61_005), CredentialTerms::default());
    assert_eq!(profile.may_try(at(61_006)), MayTry::Yes);
}

#[test]
fn a_credential_is_told_of_once_at_each_moment_of_its_life() {
    let terms =
        CredentialTerms { expires_at: Some(at(0).plus_ms(100 * DAY_MS)), ..CredentialTerms::default() };
    let mut life = CredentialLife::begun(at(0), terms);
    assert_eq!(life.warn_at(), Some(at(0).plus_ms(86 * DAY_MS)));
    let days = |days: u64| at(0).plus_ms(days * DAY_MS);
    assert_eq!((life.age(days(85)), life.tell(days(85))), (Age::Fresh, vec![]));
    assert_eq!((life.age(days(86)), life.tell(days(86))), (Age::Due, vec![Milestone::Expiring]));
    assert_eq!(life.tell(days(87)), []);
    assert_eq!(life.tell(days(90)), [Milestone::RotationDue]);
    assert_eq!((life.age(days(100)), life.tell(days(100))), (Age::Overdue, vec![Milestone::Expired]));
    assert_eq!(life.tell(days(200)), []);
    let mut slept = CredentialLife::begun(at(0), terms);
    assert_eq!(
        slept.tell(days(150)),
        [Milestone::Expired, Milestone::RotationDue],
        "nobody is warned afterwards"
    );
    let unending = CredentialLife::begun(at(0), CredentialTerms::default());
    assert_eq!(
        [89, 90, 103, 104].map(|day| unending.age(days(day))),
        [Age::Fresh, Age::Due, Age::Due, Age::Overdue]
    );
}

#[test]
fn code_that_breaks_every_time_is_left_alone_for_a_while() {
    let mut broken = profile();
    for at_ms in 0..4 {
        note(&mut broken, at_ms, 't');
        assert_eq!(broken.quarantined_until(), None);
    }
    note(&mut broken, 1_000, 't');
    let until = at(1_000).plus_ms(QUARANTINE_MS);
    assert_eq!(broken.quarantined_until(), Some(until));
    assert_eq!(broken.status(at(1_000)), (Status::Degraded, Some(Reason::ConnectorTrap)));
    assert!(broken.is_quarantined(at(1_000)));
    assert!(!broken.is_quarantined(until), "then it is tried again");
    assert!(!broken.is_quarantined(at(-9_000_000)), "a clock set back does not prolong it");
    note(&mut broken, 70_000, 't');
    assert!(broken.is_quarantined(at(70_001)), "one more fault begins it again");
    note(&mut broken, 140_000, '.');
    assert_eq!(broken.quarantined_until(), None);
}

#[test]
fn what_is_not_the_codes_fault_is_not_held_against_it() {
    for letters in ["555555555", "nnnnnnnnn", "aaaaaaaaa", "tttt5tttt", "tttt.tttt"] {
        assert_eq!(after(letters).quarantined_until(), None, "{letters}");
    }
}

proptest! {
    #[test]
    fn every_sequence_of_outcomes_keeps_the_rules(letters in "[.5nat]{0,40}") {
        let profile = after(&letters);
        let (status, reason) = profile.status(at(1_000));
        prop_assert!(profile.outcomes.len() <= OUTCOMES_KEPT);
        prop_assert_eq!(status == Status::Active, reason.is_none());
        prop_assert_eq!(profile.status(at(99_000_000)), (status, reason), "time alone changes nothing here");
        let ring: String = letters.chars().skip(letters.len().saturating_sub(OUTCOMES_KEPT)).collect();
        if !ring.is_empty() && ring.chars().all(|letter| letter == '.') {
            prop_assert_eq!(status, Status::Active);
        }
        if ring.len() == OUTCOMES_KEPT && ring.chars().all(|letter| letter != '.') {
            prop_assert_eq!(status, Status::Degraded);
        }
        if letters.ends_with('a') {
            prop_assert_eq!((status, reason), (Status::Degraded, Some(Reason::AuthRevoked)));
        }
        if !letters.contains('.') {
            prop_assert!(status != Status::Active);
        }
    }

    #[test]
    fn one_failure_that_is_not_a_refusal_never_degrades_what_has_just_worked(letters in "[.5nat]{0,20}", last in "[5nt]") {
        let before = after(&(letters.clone() + "."));
        if before.status(at(1_000)).0 == Status::Active {
            let after = after(&(letters + "." + &last));
            prop_assert_eq!(after.status(at(1_000)).0, Status::Active);
        }
    }
}
