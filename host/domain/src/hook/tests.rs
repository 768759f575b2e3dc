//! Limits, the life of an older secret, and what is remembered of refusals.

use super::*;

fn hook() -> Hook {
    Hook {
        id: "0123456789abcdef0123456789abcdef".parse().unwrap(),
        profile: "stripe".parse().unwrap(),
        trigger: "events".to_owned(),
        enabled: true,
        limits: HookLimits::default(),
        created_at: Timestamp::from_ms(0),
        rotated_at: None,
        previous: None,
    }
}

#[test]
fn the_default_limits_are_limits_and_extremes_are_refused() {
    let good = HookLimits::default();
    assert_eq!(good.check(), Ok(()));
    for bad in [
        HookLimits { body_bytes_max: 0, ..good },
        HookLimits { body_bytes_max: BODY_BYTES_MAX + 1, ..good },
        HookLimits { per_second: 0, ..good },
        HookLimits { burst: 0, ..good },
        HookLimits { burst: u32::MAX, ..good },
    ] {
        assert_eq!(bad.check(), Err(InvalidLimits), "{bad:?}");
    }
}

#[test]
fn an_older_secret_holds_until_its_time_or_until_it_is_retired() {
    let (now, mut hook) = (Timestamp::from_ms(1_000), hook());
    assert!(!hook.previous_holds(now));
    hook.previous = Some(Previous { until: None });
    assert!(hook.previous_holds(now.plus_ms(u64::from(u32::MAX))));
    hook.previous = Some(Previous { until: Some(now) });
    assert!(!hook.previous_holds(now));
    assert!(hook.previous_holds(Timestamp::from_ms(999)));
}

#[test]
fn both_secrets_have_names_that_are_names() {
    assert!(hook().secret_name().is_ok() && hook().previous_name().is_ok());
}

#[test]
fn refusals_are_counted_by_check_and_the_last_ones_are_kept_in_inert_text() {
    let mut notes = HookNotes::default();
    for n in 0..100 {
        notes.refuse(HookRefusal {
            at: Timestamp::from_ms(n),
            code: if n % 2 == 0 { "no_match" } else { "too_old" }.to_owned(),
            message: "x".to_owned(),
            from: "192.0.2.1".to_owned(),
            agent: "\u{1b}[2J".repeat(1_000),
        });
    }
    assert_eq!((notes.refused["no_match"], notes.refused["too_old"]), (50, 50));
    assert_eq!((notes.refusals.len(), notes.refusals[0].at), (REFUSALS_KEPT, Timestamp::from_ms(99)));
    let agent = &notes.refusals[0].agent;
    assert!(agent.len() < 300 && !agent.contains('\u{1b}'));
}
