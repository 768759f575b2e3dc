//! The table of the verdicts: what the connector says, held against what the host saw.

use proptest::prelude::*;

use super::*;
use crate::denial::Denial;

const QUIET: Seen = Seen {
    unknown: false,
    doubtful: false,
    lost: false,
    limited: false,
    asked_ms: None,
    last: None,
    failure: None,
};

fn text(case: fn(String) -> GuestError) -> GuestError {
    case("so it is".to_owned())
}

fn limited(wait_ms: Option<u64>) -> GuestError {
    GuestError::RateLimited { wait_ms }
}

fn case(said: &GuestError, seen: Seen) -> Case<'_> {
    let spent = Spent { attempts: 1, ..Spent::default() };
    Case { said, seen, repeatable: true, down: false, spent, chance: 0 }
}

fn judge(said: &GuestError, seen: Seen) -> Judged {
    RetryPolicy::default().judge(&case(said, seen))
}

#[test]
fn what_the_connector_calls_final_is_final() {
    let denied = |gate| GuestError::Denied(Denial::new(gate, "", ""));
    for (said, class) in [
        (text(GuestError::Invalid), Class::Data),
        (text(GuestError::NotFound), Class::Data),
        (text(GuestError::Conflict), Class::Conflict),
        (text(GuestError::Permanent), Class::Permanent),
        (denied(Gate::Scope), Class::Permanent),
    ] {
        let limits = Seen { limited: true, asked_ms: Some(1), last: Some(Class::RateLimited), ..QUIET };
        for seen in [QUIET, limits, Seen { unknown: true, doubtful: true, ..QUIET }] {
            let judged = judge(&said, seen);
            assert_eq!(
                (judged.class, judged.action, judged.code),
                (class, Action::Bury, None),
                "{said:?} {seen:?}"
            );
        }
    }
    assert_eq!(judge(&text(GuestError::AuthRequired), QUIET).action, Action::Stop);
    assert_eq!(judge(&denied(Gate::Budget), QUIET).class, Class::TransientSafe);
}

#[test]
fn a_connector_cannot_hide_a_send_whose_outcome_is_unknown() {
    let lost = Seen { unknown: true, doubtful: true, lost: true, ..QUIET };
    for said in [
        text(GuestError::Transient),
        limited(Some(1)),
        limited(None),
        text(GuestError::Ambiguous),
        text(GuestError::Invalid),
        text(GuestError::Permanent),
    ] {
        let judged = judge(&said, lost);
        assert_eq!(
            (judged.class, judged.action, judged.code),
            (Class::Ambiguous, Action::Bury, Some("ambiguous"))
        );
        assert!(judged.why.unwrap().contains("look there"), "{judged:?}");
    }
    // An answer arrived that says nothing sure: the connector could read it, so a final word of its own stands.
    let answered = Seen { unknown: true, doubtful: true, ..QUIET };
    assert_eq!(judge(&text(GuestError::Transient), answered).class, Class::Ambiguous);
    assert_eq!(judge(&text(GuestError::Permanent), answered).class, Class::Permanent);
}

#[test]
fn a_connector_cannot_turn_a_refusal_into_another_attempt() {
    for (last, class, code) in [
        (Class::Data, Class::Permanent, "permanent"),
        (Class::Permanent, Class::Permanent, "permanent"),
        (Class::Conflict, Class::Conflict, "conflict"),
    ] {
        let judged = judge(&text(GuestError::Transient), Seen { last: Some(last), ..QUIET });
        assert_eq!((judged.class, judged.action, judged.code), (class, Action::Bury, Some(code)));
    }
    let refused = judge(&limited(Some(1)), Seen { last: Some(Class::Auth), ..QUIET });
    assert_eq!((refused.class, refused.action), (Class::Auth, Action::Stop));
}

#[test]
fn what_only_the_host_can_tell_apart_is_told_apart() {
    for (failure, code) in
        [(FailureCode::NameNotFound, "name_not_found"), (FailureCode::TlsFailed, "tls_failed")]
    {
        let seen = Seen { last: Some(Class::Permanent), failure: Some(failure), ..QUIET };
        for said in [text(GuestError::Transient), text(GuestError::Permanent)] {
            let judged = judge(&said, seen);
            assert_eq!((judged.action, judged.code), (Action::Bury, Some(code)));
        }
    }
}

#[test]
fn an_unknown_outcome_is_repeated_only_where_it_is_recognised() {
    let said = text(GuestError::Ambiguous);
    assert_eq!(judge(&said, QUIET).class, Class::Transient);
    let bare = Case { repeatable: false, ..case(&said, QUIET) };
    assert_eq!(RetryPolicy::default().judge(&bare).class, Class::Ambiguous);
    // The action declares a key, and the request did not carry it.
    let unkeyed = Seen { unknown: true, ..QUIET };
    assert_eq!(judge(&said, unkeyed).class, Class::Ambiguous);
}

#[test]
fn a_rule_can_call_a_conflict_as_good_as_done() {
    let seen = Seen { last: Some(Class::Done), ..QUIET };
    assert_eq!(judge(&text(GuestError::Conflict), seen).action, Action::Done);
    assert_eq!(judge(&text(GuestError::Invalid), seen).action, Action::Bury);
}

#[test]
fn a_limit_that_the_host_saw_uses_no_attempt_up_and_one_that_it_did_not_see_does() {
    let seen = Seen { limited: true, asked_ms: Some(2_000), ..QUIET };
    for said in [limited(None), limited(Some(1)), text(GuestError::Transient)] {
        assert_eq!(judge(&said, seen).action, Action::Retry { wait_ms: 2_000, free: true }, "{said:?}");
    }
    let judged = judge(&limited(Some(2_000)), QUIET);
    assert_eq!(
        (judged.class, judged.action),
        (Class::Transient, Action::Retry { wait_ms: 2_000, free: false })
    );
    let said = limited(Some(0));
    let last = Case { spent: Spent { attempts: 5, ..Spent::default() }, ..case(&said, QUIET) };
    assert_eq!(RetryPolicy::default().judge(&last).action, Action::Bury);
}

#[test]
fn a_wait_is_never_cut_short_and_one_beyond_the_patience_suspends() {
    let policy = RetryPolicy::default();
    let seen = |asked_ms| Seen { limited: true, asked_ms: Some(asked_ms), ..QUIET };
    let said = limited(None);
    for chance in [0, 1, u64::MAX / 2, u64::MAX] {
        let judged = policy.judge(&Case { chance, ..case(&said, seen(2_000)) });
        let Action::Retry { wait_ms, free: true } = judged.action else { panic!("{judged:?}") };
        assert!((2_000..=2_200).contains(&wait_ms), "{wait_ms}");
    }
    assert_eq!(judge(&said, seen(900_001)).action, Action::Suspend { wait_ms: 900_001 });
    assert_eq!(judge(&said, seen(u64::MAX)).action, Action::Suspend { wait_ms: 86_400_000 });
    let tired = Spent { attempts: 1, limits: 9, waited_ms: 899_500, outages: 0 };
    let judged = policy.judge(&Case { spent: tired, ..case(&said, seen(1_000)) });
    assert!(matches!(judged.action, Action::Suspend { wait_ms: 60_000 }), "{judged:?}");
    // A remote that is busy says when it is worth asking again, too.
    let busy = Seen { asked_ms: Some(30_000), ..QUIET };
    let judged = judge(&text(GuestError::Transient), busy);
    assert_eq!(
        (judged.class, judged.action),
        (Class::Transient, Action::Retry { wait_ms: 30_000, free: false })
    );
}

#[test]
fn a_remote_that_always_asks_for_nothing_gets_ever_longer_pauses() {
    let policy = RetryPolicy { wait_max_ms: 20_000, ..RetryPolicy::default() };
    let said = limited(Some(0));
    let mut spent = Spent { attempts: 1, ..Spent::default() };
    for _ in 0..50 {
        match policy.judge(&Case { spent, ..case(&said, Seen { limited: true, ..QUIET }) }).action {
            Action::Retry { wait_ms, free: true } => {
                spent.limits += 1;
                spent.waited_ms += wait_ms;
            }
            Action::Suspend { .. } => return,
            other => panic!("{other:?}"),
        }
    }
    panic!("it never lets go of the run");
}

#[test]
fn while_the_remote_is_down_no_attempt_is_used_up_but_not_for_ever() {
    let said = text(GuestError::Transient);
    let policy = RetryPolicy::default();
    let spent = Spent { attempts: 5, outages: 3, ..Spent::default() };
    let down = Case { down: true, spent, ..case(&said, QUIET) };
    assert!(matches!(policy.judge(&down).action, Action::Retry { free: true, .. }));
    let long = Case { spent: Spent { outages: OUTAGES_MAX, ..spent }, ..down };
    assert_eq!(policy.judge(&long).action, Action::Bury);
    assert_eq!(policy.judge(&Case { down: false, ..down }).action, Action::Bury);
}

fn any_said() -> impl Strategy<Value = GuestError> {
    prop_oneof![
        Just(text(GuestError::Invalid)),
        Just(text(GuestError::AuthRequired)),
        Just(text(GuestError::Conflict)),
        Just(text(GuestError::Transient)),
        Just(text(GuestError::Ambiguous)),
        Just(text(GuestError::Permanent)),
        prop::option::of(any::<u64>()).prop_map(limited),
    ]
}

fn any_seen() -> impl Strategy<Value = Seen> {
    let last = prop::option::of(prop_oneof![
        Just(Class::Data),
        Just(Class::Permanent),
        Just(Class::Conflict),
        Just(Class::Auth),
        Just(Class::Done),
    ]);
    (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>(), prop::option::of(any::<u64>()), last)
        .prop_map(|(unknown, doubtful, lost, limited, asked_ms, last)| {
            let doubtful = unknown && doubtful;
            Seen { unknown, doubtful, lost: doubtful && lost, limited, asked_ms, last, failure: None }
        })
}

proptest! {
    #[test]
    fn whatever_is_said_and_seen_the_wire_only_narrows(said in any_said(), seen in any_seen(), chance in any::<u64>(), attempts in 1_u32..9) {
        let spent = Spent { attempts, ..Spent::default() };
        let judged = RetryPolicy::default().judge(&Case { chance, spent, ..case(&said, seen) });
        let retried = matches!(judged.action, Action::Retry { .. } | Action::Suspend { .. });
        prop_assert!(!(retried && seen.doubtful), "{judged:?}");
        prop_assert!(!(retried && matches!(seen.last, Some(Class::Data | Class::Permanent | Class::Conflict | Class::Auth))));
        prop_assert!(!(retried && matches!(said, GuestError::Invalid(_) | GuestError::Permanent(_) | GuestError::Conflict(_))));
        if let Action::Retry { wait_ms, free } = judged.action {
            prop_assert!(wait_ms <= 990_000);
            prop_assert!(!free || seen.limited);
            prop_assert!(free || attempts < 5);
            prop_assert!(wait_ms >= seen.asked_ms.unwrap_or(0));
        }
        if let Action::Suspend { wait_ms } = judged.action {
            prop_assert!(wait_ms <= 86_400_000 + 8_640_000);
        }
    }
}
