//! Webhooks in: the one route without a token that changes something. Whoever sends proves it by a signature over the
//! raw body, and is told as little as a vendor needs.

use axum::extract::{Extension, Path, Request, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use lockgate::{HookAnswer, HookRefused, HookRequest};

use crate::app::App;
use crate::body::{Bounds, read};
use crate::peer::Peer;
use crate::problem::Problem;

/// Takes an event. It is on the disk before this answers 200; the same event again is answered 200 and counts once.
#[utoipa::path(
    post, path = "/hooks/{id}", tag = "hooks", request_body(content = Vec<u8>, description = "As the sender signs it."),
    params(("id" = String, Path, description = "The hook.")),
    responses(
        (status = 200, description = "Taken, now or before; or the answer to a challenge."),
        (status = 401, description = "Not signed by the hook's sender, or not fresh."),
        (status = 410, description = "The hook is disabled."),
        (status = 413, description = "The body is larger than the hook takes."),
        (status = 429, description = "Too many at once; `retry-after` says when to come again."),
    )
)]
pub(crate) async fn receive_event(
    State(app): State<App>,
    Path(id): Path<String>,
    peer: Option<Extension<Peer>>,
    request: Request,
) -> Result<Response, Problem> {
    let from = peer.map_or_else(|| "unknown".to_owned(), |Extension(peer)| peer.0.ip().to_string());
    let open = app.host.open_hook(&id, &from).map_err(refused)?;
    let (parts, body) = request.into_parts();
    let bounds = Bounds { bytes_max: open.body_bytes_max(), time: app.options.body_time() };
    let body = match read(&parts.headers, body, bounds).await {
        Ok(body) => body,
        Err(problem) => {
            open.refused(&problem.code, &problem.detail);
            return Err(problem);
        }
    };
    let headers = parts
        .headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()))
        .collect();
    let query = parts.uri.query().map(str::to_owned);
    let request = HookRequest { method: parts.method.as_str().to_owned(), query, headers, body };
    match open.receive(request).await.map_err(refused)? {
        HookAnswer::Taken | HookAnswer::Again => Ok(StatusCode::OK.into_response()),
        HookAnswer::Challenge(text) => {
            Ok((StatusCode::OK, [(CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response())
        }
    }
}

/// The same few words for every reason: what was nearly right is for the operator.
fn refused(refused: HookRefused) -> Problem {
    let later = |code: &str, detail: &str, status, after_s| Problem {
        retry_after_s: Some(after_s),
        ..Problem::new(status, code, detail)
    };
    match refused {
        HookRefused::Unknown => crate::problem::unknown_path(),
        HookRefused::Gone => Problem::new(StatusCode::GONE, "gone", "nothing is taken here any more"),
        HookRefused::Malformed => Problem::bad_request("malformed", "the request cannot be read"),
        HookRefused::Unauthorized(_) => {
            Problem::new(StatusCode::UNAUTHORIZED, "not_accepted", "the request is not accepted")
        }
        HookRefused::TooMany(after_s) => {
            later("too_many", "too many at once; come again later", StatusCode::TOO_MANY_REQUESTS, after_s)
        }
        HookRefused::NotNow(_, after_s) => later(
            "not_now",
            "nothing can be taken now; come again later",
            StatusCode::SERVICE_UNAVAILABLE,
            after_s,
        ),
        HookRefused::Failed(error) => Problem::internal(&error.message),
    }
}
