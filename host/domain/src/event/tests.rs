//! What is told, to whom, and how patiently.

use super::*;

fn at(ms: i64) -> Timestamp {
    Timestamp::from_ms(ms)
}

fn id() -> EventId {
    "01JD0000000000000000000000".parse().unwrap()
}

fn subscription(kinds: &[EventKind]) -> Subscription {
    Subscription {
        name: "pager".parse().unwrap(),
        url: "https://ops.example.com/hook".to_owned(),
        kinds: kinds.iter().copied().collect(),
        enabled: true,
        disabled_because: None,
        failing_since: None,
        previous_until: None,
        created_at: at(0),
        updated_at: at(0),
    }
}

#[test]
fn a_type_is_read_as_it_is_written_and_another_is_refused_with_the_list() {
    for kind in EventKind::ALL {
        assert_eq!(kind.as_str().parse(), Ok(*kind));
        assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
    }
    let refused = "run.done".parse::<EventKind>().unwrap_err().to_string();
    assert!(refused.contains("run.failed"), "{refused}");
}

#[test]
fn a_subscription_gets_what_it_asked_for_and_tests_only_when_tested() {
    let all = subscription(&[]);
    assert!(all.wants(EventKind::RunFailed) && !all.wants(EventKind::SubscriptionTest));
    let some = subscription(&[EventKind::RunFailed]);
    assert!(some.wants(EventKind::RunFailed) && !some.wants(EventKind::RunBlocked));
    let disabled = Subscription { enabled: false, ..all };
    assert!(!disabled.wants(EventKind::RunFailed));
}

#[test]
fn a_delivery_is_tried_ten_times_over_three_days_and_then_fails_for_all_to_see() {
    let event = Event { id: id(), at: at(0), kind: EventKind::RunFailed, data: Value::Null };
    let mut delivery = Delivery::new("pager".parse().unwrap(), event.clone(), at(0));
    let mut now = at(0);
    let no = |at| Answer { at, duration_ms: 0, status: Some(500), error: None };
    for attempt in 1..ATTEMPTS_MAX {
        assert!(delivery.is_due(now), "attempt {attempt}");
        delivery.attempted(no(now), u64::MAX);
        let DeliveryState::Waiting { next_at } = delivery.state else { panic!("{delivery:?}") };
        assert!(!delivery.is_due(now) && next_at > now);
        now = next_at;
    }
    delivery.attempted(no(now), 0);
    assert_eq!(delivery.state, DeliveryState::Failed { at: now });
    assert!((3..5).contains(&(now.as_ms() / 86_400_000)), "{now}");

    let mut delivery = Delivery::new("pager".parse().unwrap(), event, at(0));
    delivery.attempted(Answer { status: Some(302), ..no(at(0)) }, 0);
    assert!(delivery.is_waiting(), "a redirect is a no");
    delivery.attempted(Answer { status: Some(204), ..no(at(5_000)) }, 0);
    assert_eq!(delivery.state, DeliveryState::Delivered { at: at(5_000) });
}

#[test]
fn the_waits_are_never_shorter_than_the_schedule_and_a_tenth_longer_at_most() {
    for chance in [0, 1, u64::MAX / 3, u64::MAX] {
        let wait = wait_ms(1, chance).unwrap();
        assert!((5_000..=5_500).contains(&wait), "{wait}");
    }
    assert_eq!(wait_ms(ATTEMPTS_MAX, 0), None);
}

#[test]
fn nobody_can_make_the_profile_that_the_signing_secrets_belong_to() {
    assert!(crate::ids::is_reserved(&secrets_owner()));
    assert!(!crate::ids::is_reserved(&"lockgate".parse().unwrap()));
}
