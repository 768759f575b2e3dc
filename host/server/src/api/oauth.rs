//! A person's way to a provider's consent and back. Needs no token: the link is good once, and the way back works only
//! in the browser that opened it.

use axum::extract::{RawQuery, State};
use axum::http::header::{COOKIE, LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::Secret;
use lockgate::{Callback, Error, Host, Kind};

use crate::pages::page;
use crate::path::Path;

const COOKIE_PREFIX: &str = "lockgate_consent_";
/// As long as a hand-off lives.
const COOKIE_SECONDS: u32 = 600;

/// Opens a link to a consent: binds it to this browser and sends it to the provider.
#[utoipa::path(
    get, path = "/oauth/start/{id}", tag = "oauth",
    params(("id" = String, Path, description = "As in the link that `connect` gave.")),
    responses((status = 303, description = "On to the provider."))
)]
pub(crate) async fn start_consent(State(host): State<Host>, Path(id): Path<String>) -> Response {
    let opened = match host.open_consent(&id).await {
        Ok(opened) => opened,
        Err(error) => return failed(&error),
    };
    let secret = String::from_utf8_lossy(opened.browser.expose()).into_owned();
    let secure = if host.is_public_over_tls() { "; Secure" } else { "" };
    let cookie = format!(
        "{COOKIE_PREFIX}{id}={secret}; Path=/oauth/; Max-Age={COOKIE_SECONDS}; HttpOnly; SameSite=Lax{secure}"
    );
    let headers =
        HeaderValue::from_str(&cookie).ok().zip(HeaderValue::from_str(opened.location.as_str()).ok());
    match headers {
        Some((cookie, location)) => {
            let mut response = StatusCode::SEE_OTHER.into_response();
            response.headers_mut().insert(SET_COOKIE, cookie);
            response.headers_mut().insert(LOCATION, location);
            response
        }
        None => {
            page(StatusCode::BAD_REQUEST, "Not connected", &["The link cannot be opened. Ask for a new one."])
        }
    }
}

/// Where the provider sends the browser back to: exchanges the code, stores the tokens, says how it went.
#[utoipa::path(
    get, path = "/oauth/callback", tag = "oauth",
    responses((status = 200, description = "A page: connected, or what went wrong and what to do."))
)]
pub(crate) async fn finish_consent(
    State(host): State<Host>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let Some(callback) = Callback::read(query.as_deref().unwrap_or_default()) else {
        let sentences = ["The answer of the provider cannot be read.", "Ask for a new link and try again."];
        return page(StatusCode::BAD_REQUEST, "Not connected", &sentences);
    };
    let id = callback.hand_off().map(str::to_owned);
    let browser = id.as_deref().and_then(|id| kept(&headers, id));
    let mut response = match host.complete_consent(callback, browser).await {
        Ok(connected) => {
            let (profile, tenant) = (connected.profile.clone(), connected.tenant.clone());
            if let Ok(tenant) = host.tenant(tenant.as_str()) {
                // What makes it active is a call that succeeds; nobody waits for it.
                tokio::spawn(async move { tenant.check(&connected.profile).await.map(|_| ()) });
            }
            let sentence = format!("The profile {profile} of {tenant} is connected.");
            page(StatusCode::OK, "Connected", &[&sentence, "You can close this window."])
        }
        Err(error) => failed(&error),
    };
    if let Some(over) = id.and_then(|id| {
        let over = format!("{COOKIE_PREFIX}{id}=; Path=/oauth/; Max-Age=0; HttpOnly; SameSite=Lax");
        HeaderValue::from_str(&over).ok()
    }) {
        response.headers_mut().insert(SET_COOKIE, over);
    }
    response
}

/// What this browser keeps for this hand-off.
fn kept(headers: &HeaderMap, id: &str) -> Option<Secret> {
    let name = format!("{COOKIE_PREFIX}{id}");
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(found, _)| *found == name).map(|(_, value)| Secret::new(value))
}

/// The texts are ours; what was internal stays in the log.
fn failed(error: &Error) -> Response {
    let (status, sentence) = match error.kind {
        Kind::Internal => {
            tracing::error!(%error, "a consent could not be taken to its end");
            (
                StatusCode::INTERNAL_SERVER_ERROR,
                "The host could not do its part; its log says why.".to_owned(),
            )
        }
        Kind::Remote => (StatusCode::BAD_GATEWAY, first_upper(&error.message)),
        Kind::NotFound => (StatusCode::NOT_FOUND, first_upper(&error.message)),
        _ => (StatusCode::BAD_REQUEST, first_upper(&error.message)),
    };
    let code = format!("Code: {}. What was connected before is as it was.", error.code);
    page(status, "Not connected", &[&sentence, &code])
}

fn first_upper(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", chars.as_str())
}
