//! Each kind of error has its status, and none shows the inside.

use super::*;

fn problem(kind: Kind) -> Problem {
    Error::new(kind, "some_code", "what was wrong").into()
}

#[test]
fn each_kind_of_error_has_its_status_code_and_blame() {
    for (kind, status, blame) in [
        (Kind::Invalid, 400, dto::Blame::Operator),
        (Kind::TooLarge, 413, dto::Blame::Operator),
        (Kind::Refused, 422, dto::Blame::Operator),
        (Kind::NotFound, 404, dto::Blame::Operator),
        (Kind::Conflict, 409, dto::Blame::Operator),
        (Kind::Forbidden, 403, dto::Blame::Operator),
        (Kind::Guest, 502, dto::Blame::Guest),
        (Kind::Remote, 502, dto::Blame::Remote),
    ] {
        let problem = problem(kind);
        assert_eq!((problem.status, problem.blame), (status, blame), "{kind:?}");
        assert_eq!(&*problem.kind, "urn:lockgate:problem:some_code");
        assert_eq!(problem.detail, "what was wrong");
    }
}

#[test]
fn an_internal_error_shows_a_correlation_id_and_nothing_else() {
    let problem = problem(Kind::Internal);
    assert_eq!((problem.status, problem.code.as_str(), problem.blame), (500, "internal", dto::Blame::Host));
    assert!(!problem.detail.contains("what was wrong"));
    assert_eq!(problem.correlation.map(|id| id.len()), Some(32));
}

#[test]
fn a_wrong_token_has_one_answer_whatever_was_wrong_with_it() {
    assert_eq!(problem(Kind::Unauthenticated), Problem::unauthenticated());
    let response = Problem::unauthenticated().into_response();
    assert_eq!(response.headers()["www-authenticate"], "Bearer");
    assert_eq!(response.headers()["content-type"], "application/problem+json");
}
