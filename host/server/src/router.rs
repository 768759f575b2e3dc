//! All routes, grouped by who may use them. The list that tests read is made from what is really routed.

use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use domain::token::Role;
use lockgate::Host;
use utoipa_axum::router::OpenApiRouter;

use crate::api;
use crate::app::App;
use crate::caller::{Door, admit};
use crate::front::front;
use crate::guard::guard;
use crate::idempotency::idempotent;
use crate::linger::linger;
use crate::options::Options;
use crate::pace::Paces;
use crate::problem::{method_not_allowed, no_such_route};

/// Who may use a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Access {
    /// Everybody, without a token.
    Public,
    /// Whoever has any good token.
    Anyone,
    /// A tenant, on what it owns, with a token of at least this role.
    Tenant(Role),
    /// An operator.
    Operator,
}

/// One method of one path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Route {
    /// With its parameters in braces.
    pub path: String,
    /// In capitals.
    pub method: &'static str,
    /// Who may use it.
    pub access: Access,
}

/// Every route that `router` serves.
pub fn routes() -> &'static [Route] {
    static ROUTES: LazyLock<Vec<Route>> = LazyLock::new(|| {
        let groups = api::groups().into_iter();
        let mut routes: Vec<_> =
            groups.flat_map(|(access, group)| api::openapi::methods(group.get_openapi(), access)).collect();
        routes.sort();
        routes
    });
    &ROUTES
}

/// The OpenAPI 3.1 document of what `router` serves, as JSON.
pub fn openapi() -> &'static str {
    static DOCUMENT: LazyLock<String> = LazyLock::new(|| api::openapi::document(api::groups()));
    &DOCUMENT
}

/// The whole API over one host.
pub fn router(host: Host, options: Options) -> Router {
    let app = App::new(host.clone(), options.clone());
    let paces = Arc::new(Paces::new(options.requests_per_second, options.requests_burst));
    let mut all: Router<App> = Router::new();
    for (access, group) in api::groups() {
        let group = Router::from(group);
        let group = match access {
            Access::Public => group,
            _ => {
                // Behind the door: a key belongs to a tenant.
                let group = group.route_layer(from_fn_with_state(options.clone(), idempotent));
                let door = Door { host: host.clone(), access, paces: paces.clone() };
                group.route_layer(from_fn_with_state(door, admit))
            }
        };
        all = all.merge(group);
    }
    all.fallback(no_such_route)
        .method_not_allowed_fallback(other_method)
        .layer(from_fn_with_state(options.clone(), front))
        .layer(from_fn_with_state(options.clone(), guard))
        .layer(from_fn_with_state(options, linger))
        .with_state(app)
}

/// Names the methods of the path that was asked for.
async fn other_method(uri: axum::http::Uri) -> Response {
    let of_path = routes().iter().filter(|route| api::openapi::matches(&route.path, uri.path()));
    let methods: Vec<_> = of_path.map(|route| route.method).collect();
    method_not_allowed(&methods.join(", "))
}

pub(crate) type Group = (Access, OpenApiRouter<App>);

#[cfg(test)]
mod tests;
