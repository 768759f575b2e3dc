//! The judge, case by case.

use domain::Timestamp;

use super::*;

static POLICY: RetryPolicy = RetryPolicy {
    attempts_max: 3,
    base_ms: 500,
    cap_ms: 4_000,
    wait_max_ms: 20_000,
    schedule_ms: Vec::new(),
};

fn judge(repeatable: bool) -> Judge<'static> {
    Judge { policy: &POLICY, repeatable, down: false }
}

fn attempt(code: &str, class: Option<Class>, wait_ms: u64) -> Attempt {
    let failure = Failure { blame: Blame::Remote, code: code.to_owned(), message: String::new() };
    Attempt {
        failure: Some(failure),
        wait_ms: Some(wait_ms),
        class,
        free: class == Some(Class::RateLimited),
        ..Attempt::of(1, Timestamp::from_ms(0), 1)
    }
}

fn fault(fault: Fault) -> CallFailure {
    CallFailure::new(fault, "it broke")
}

fn after(error: &GuestError, before: &[Attempt]) -> Verdict {
    judge(true).after(error, Seen::default(), before, 0)
}

#[test]
fn an_unknown_outcome_is_tried_again_only_where_a_repetition_is_recognised() {
    let error = GuestError::Ambiguous("cut off".to_owned());
    assert!(after(&error, &[]).wait_ms().is_some());
    let verdict = judge(false).after(&error, Seen::default(), &[], 0);
    assert_eq!((verdict.action, verdict.failure.code.as_str()), (Action::Bury, "ambiguous"));
    assert!(verdict.failure.message.contains("look there") && verdict.failure.message.ends_with("cut off"));
}

#[test]
fn a_wait_that_the_remote_asks_for_uses_up_no_attempt_in_rows_of_earlier_builds_too() {
    let error = GuestError::Transient(String::new());
    for class in [Some(Class::RateLimited), None] {
        let waits = [attempt("rate_limited", class, 500), attempt("rate_limited", class, 1_000)];
        assert!(after(&error, &waits).wait_ms().is_some());
        assert_eq!(spent(&waits), Spent { attempts: 1, limits: 2, waited_ms: 1_500, outages: 0 });
    }
    let tries = [attempt("transient", Some(Class::Transient), 0), attempt("transient", None, 0)];
    assert_eq!(after(&error, &tries).action, Action::Bury);
    let mut free = attempt("transient", Some(Class::Transient), 0);
    free.free = true;
    assert_eq!(spent(&[free]).outages, 1);
}

#[test]
fn a_limit_that_only_the_connector_speaks_of_is_given_up_in_the_end() {
    let error = GuestError::RateLimited { wait_ms: Some(0) };
    let mut attempts = Vec::new();
    loop {
        let verdict = after(&error, &attempts);
        assert_eq!(verdict.failure.code, "rate_limited");
        let Some(wait_ms) = verdict.wait_ms() else { break };
        attempts.push(attempt("rate_limited", Some(verdict.class), wait_ms));
        assert!(attempts.len() < 50, "it never ends");
    }
    assert_eq!(attempts.len(), 2);
}

#[test]
fn a_fault_is_tried_once_more_and_alone() {
    let trap = fault(Fault::Trap);
    assert_eq!(judge(true).after_fault(&trap, false, &[], 0).wait_ms(), Some(0));
    assert!(!goes_alone(&[]));
    let once = [attempt("trap", Some(Class::ConnectorFault), 0)];
    assert!(goes_alone(&once));
    let verdict = judge(true).after_fault(&trap, false, &once, 0);
    assert_eq!((verdict.action, verdict.class), (Action::Bury, Class::ConnectorFault));
}

#[test]
fn a_fault_of_the_host_is_no_fault_of_the_record() {
    let host = fault(Fault::Host);
    let once = [attempt("host", Some(Class::TransientSafe), 1)];
    assert!(judge(true).after_fault(&host, false, &once, 0).wait_ms().is_some());
    assert!(!goes_alone(&once));
}

#[test]
fn a_fault_after_a_request_was_sent_that_nobody_would_recognise_is_ambiguous() {
    let limit = fault(Fault::WallLimit);
    for repeatable in [true, false] {
        let verdict = judge(repeatable).after_fault(&limit, true, &[], 0);
        assert_eq!((verdict.action, verdict.failure.code.as_str()), (Action::Bury, "ambiguous"));
        assert_eq!(judge(repeatable).after_fault(&limit, false, &[], 0).wait_ms(), Some(0));
    }
}

#[test]
fn a_message_from_outside_is_bounded_and_holds_no_control_characters() {
    let error = GuestError::Permanent("\u{1b}[2Jx".repeat(10_000));
    let message = failure_of(&error).message;
    assert!(message.len() < MESSAGE_BYTES_MAX + 10, "{}", message.len());
    assert!(!message.contains('\u{1b}'));
}

#[test]
fn what_the_mapping_breaks_is_the_operators() {
    let failure = of_mapping(failure_of_fault(&fault(Fault::CpuLimit)));
    assert_eq!((failure.blame, failure.code.as_str()), (Blame::Operator, "cpu_limit"));
}
