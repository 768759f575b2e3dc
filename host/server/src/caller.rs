//! The door: who speaks, whether they may, and the one handle that follows from it.
//!
//! Whole groups of routes stand behind one door, so that a new route cannot forget it; and a handler gets a tenant
//! only through `OfTenant`, which only the door hands out.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::token::Role;
use domain::trace::Trace;
use lockgate::{Host, Speaker, Tenant, Trail};

use crate::pace::Paces;
use crate::problem::Problem;
use crate::router::Access;

/// Longer than any token: what is longer is not looked at.
const TOKEN_BYTES_MAX: usize = 512;

#[derive(Clone)]
pub(crate) struct Door {
    pub(crate) host: Host,
    pub(crate) access: Access,
    pub(crate) paces: Arc<Paces>,
}

/// Opens for whoever has the right token, and puts what they may use into the request.
pub(crate) async fn admit(State(door): State<Door>, mut request: Request, next: Next) -> Response {
    match judge(&door, request.headers()) {
        Ok(admitted) => {
            let admitted = admitted.within(trace(request.headers()));
            request.extensions_mut().insert(admitted);
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    }
}

/// What the door found; kept in the request for the extractors.
#[derive(Clone)]
enum Admitted {
    Operator(Host),
    Tenant(Tenant, Role),
}

impl Admitted {
    /// What is done goes on under the caller's trace, if it sent one.
    fn within(self, trace: Option<Trace>) -> Self {
        match self {
            Self::Tenant(tenant, role) => Self::Tenant(tenant.within(trace), role),
            operator => operator,
        }
    }
}

/// The tenant whose token was sent, for what stands between the door and a handler.
pub(crate) fn tenant_of(request: &Request) -> Option<Tenant> {
    match request.extensions().get::<Admitted>() {
        Some(Admitted::Tenant(tenant, _)) => Some(tenant.clone()),
        _ => None,
    }
}

/// A trace that is sent twice, or is none, begins a new one.
fn trace(headers: &HeaderMap) -> Option<Trace> {
    let mut parents = headers.get_all("traceparent").iter();
    let parent = parents.next()?.to_str().ok()?;
    if parents.next().is_some() {
        return None;
    }
    let states: Vec<&str> =
        headers.get_all("tracestate").iter().filter_map(|value| value.to_str().ok()).collect();
    Trace::read(parent, (!states.is_empty()).then(|| states.join(",")).as_deref())
}

fn judge(door: &Door, headers: &HeaderMap) -> Result<Admitted, Problem> {
    let token = bearer(headers).ok_or_else(Problem::unauthenticated)?;
    // Whatever the request changes is audited as done by its token.
    let (speaker, actor) = door.host.identify(token)?;
    let host = door.host.acting(actor);
    match speaker {
        Speaker::Operator => match door.access {
            Access::Public | Access::Anyone | Access::Operator => Ok(Admitted::Operator(host)),
            Access::Tenant(_) => Err(Problem::forbidden(
                "forbidden",
                "this needs a tenant's token; an operator makes one with POST /v1/tokens",
            )),
        },
        Speaker::Tenant { tenant, role } => {
            match door.access {
                Access::Public | Access::Anyone => {}
                Access::Operator => {
                    return Err(Problem::forbidden("forbidden", "this needs an operator's token"));
                }
                Access::Tenant(least) if role < least => {
                    let detail = format!("this needs the role {least}; the token's role is {role}");
                    return Err(Problem::forbidden("role_too_low", detail));
                }
                Access::Tenant(_) => {}
            }
            door.paces.take(&tenant)?;
            Ok(Admitted::Tenant(host.tenant(tenant.as_str())?, role))
        }
    }
}

/// Exactly one header of exactly this form: two readers must never see two different tokens.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next()?.to_str().ok()?;
    if values.next().is_some() || value.len() > TOKEN_BYTES_MAX {
        return None;
    }
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}

/// The tenant whose token was sent.
pub(crate) struct OfTenant(pub(crate) Tenant);

/// The host, as an operator whose token was sent may use it.
pub(crate) struct AsOperator(pub(crate) Host);

/// The audit trail that the token may read: its tenant's, or the host's as an operator.
pub(crate) struct OwnTrail(pub(crate) Trail);

/// Any good token was sent.
pub(crate) struct Caller(pub(crate) Speaker);

impl<S: Send + Sync> FromRequestParts<S> for OfTenant {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match parts.extensions.get::<Admitted>() {
            Some(Admitted::Tenant(tenant, _)) => Ok(Self(tenant.clone())),
            _ => Err(Problem::internal("a tenant's route stands outside the door")),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for AsOperator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match parts.extensions.get::<Admitted>() {
            Some(Admitted::Operator(host)) => Ok(Self(host.clone())),
            _ => Err(Problem::internal("an operator's route stands outside the door")),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for OwnTrail {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match parts.extensions.get::<Admitted>() {
            Some(Admitted::Operator(host)) => Ok(Self(host.audit())),
            Some(Admitted::Tenant(tenant, _)) => Ok(Self(tenant.audit())),
            None => Err(Problem::internal("a route stands outside the door")),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match parts.extensions.get::<Admitted>() {
            Some(Admitted::Operator(_)) => Ok(Self(Speaker::Operator)),
            Some(Admitted::Tenant(tenant, role)) => {
                Ok(Self(Speaker::Tenant { tenant: tenant.id().clone(), role: *role }))
            }
            None => Err(Problem::internal("a route stands outside the door")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn a_token_is_read_from_one_bearer_header_only() {
        assert_eq!(bearer(&headers(&["Bearer abc"])), Some("abc"));
        assert_eq!(bearer(&headers(&["bearer abc"])), Some("abc"));
        let long = format!("Bearer {}", "a".repeat(600));
        let bad: [&[&str]; 6] =
            [&[], &["abc"], &["Basic abc"], &["Bearer"], &["Bearer a", "Bearer b"], &[long.as_str()]];
        for values in bad {
            assert_eq!(bearer(&headers(values)), None, "{values:?}");
        }
    }
}
