//! The judge, case by case.

use domain::Timestamp;

use super::*;

const POLICY: RetryPolicy = RetryPolicy { attempts_max: 3, base_ms: 500, cap_ms: 4_000, wait_max_ms: 20_000 };

fn judge(repeatable: bool) -> Judge<'static> {
    Judge { policy: &POLICY, repeatable }
}

fn attempt(code: &str, wait_ms: Option<u64>) -> Attempt {
    let failure = Failure { blame: Blame::Remote, code: code.to_owned(), message: String::new() };
    Attempt { n: 1, at: Timestamp::from_ms(0), duration_ms: 1, failure: Some(failure), wait_ms }
}

fn fault(fault: Fault) -> CallFailure {
    CallFailure::new(fault, "it broke")
}

#[test]
fn an_unknown_outcome_is_tried_again_only_where_a_repetition_is_recognised() {
    let error = GuestError::Ambiguous("cut off".to_owned());
    assert!(judge(true).after(&error, &[], u64::MAX).wait_ms.is_some());
    let verdict = judge(false).after(&error, &[], u64::MAX);
    assert_eq!((verdict.wait_ms, verdict.failure.code.as_str()), (None, "ambiguous"));
}

#[test]
fn a_wait_that_the_remote_asks_for_uses_up_no_attempt() {
    let waits = [attempt("rate_limited", Some(500)), attempt("rate_limited", Some(1_000))];
    let error = GuestError::Transient(String::new());
    assert!(judge(true).after(&error, &waits, 0).wait_ms.is_some());
    let tries = [attempt("transient", Some(0)), attempt("transient", Some(0))];
    assert_eq!(judge(true).after(&error, &tries, 0).wait_ms, None);
}

#[test]
fn a_remote_that_always_asks_to_wait_for_nothing_is_given_up_in_the_end() {
    let mut attempts = Vec::new();
    while let Some(wait_ms) =
        judge(true).after(&GuestError::RateLimited { wait_ms: Some(0) }, &attempts, 0).wait_ms
    {
        attempts.push(attempt("rate_limited", Some(wait_ms)));
        assert!(attempts.len() < 50, "it never ends");
    }
    assert!(attempts.iter().filter_map(|attempt| attempt.wait_ms).sum::<u64>() <= POLICY.wait_max_ms);
}

#[test]
fn a_fault_is_tried_once_more_and_alone() {
    let trap = fault(Fault::Trap);
    assert_eq!(judge(true).after_fault(&trap, false, &[], 0).wait_ms, Some(0));
    assert!(!goes_alone(&[]));
    let once = [attempt("trap", Some(0))];
    assert!(goes_alone(&once));
    assert_eq!(judge(true).after_fault(&trap, false, &once, 0).wait_ms, None);
}

#[test]
fn a_fault_of_the_host_is_no_fault_of_the_record() {
    let host = fault(Fault::Host);
    assert!(judge(true).after_fault(&host, false, &[attempt("host", Some(1))], 0).wait_ms.is_some());
    assert!(!goes_alone(&[attempt("host", Some(1))]));
}

#[test]
fn a_fault_after_a_request_was_sent_is_ambiguous_unless_a_repetition_is_recognised() {
    let limit = fault(Fault::WallLimit);
    let verdict = judge(false).after_fault(&limit, true, &[], 0);
    assert_eq!((verdict.wait_ms, verdict.failure.code.as_str()), (None, "ambiguous"));
    assert_eq!(judge(false).after_fault(&limit, false, &[], 0).wait_ms, Some(0));
    assert_eq!(judge(true).after_fault(&limit, true, &[], 0).wait_ms, Some(0));
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
