//! The OpenAPI document, and the list of routes that follows from it. What every operation has in common (its
//! errors, its token) is written here once, from the group that the operation stands in.

use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use domain::token::Role;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    Components, ContentBuilder, Info, License, OpenApi, OpenApiBuilder, Paths, Ref, ResponseBuilder,
};
use utoipa::{PartialSchema as _, ToSchema as _};

use crate::problem::{MEDIA_TYPE, Problem};
use crate::router::{Access, Group, Route};

const SCHEME: &str = "token";

/// This document.
#[utoipa::path(get, path = "/openapi.json", tag = "host", responses((status = 200, description = "OpenAPI 3.1.", body = serde_json::Value)))]
pub(crate) async fn openapi_json() -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], crate::router::openapi())
}

pub(crate) fn document(groups: impl IntoIterator<Item = Group>) -> String {
    let mut info = Info::new("Lockgate", env!("CARGO_PKG_VERSION"));
    info.description = Some(
        "Run other people's connectors in a sandbox: upload, grant, call, and let flows move records. The tenant \
         follows from the bearer token. Every error is a Problem with a stable code."
            .to_owned(),
    );
    info.license = Some(License::new("Apache-2.0"));
    let mut all = OpenApiBuilder::new().info(info).components(Some(Components::new())).build();
    for (access, group) in groups {
        let mut part = group.into_openapi();
        for item in part.paths.paths.values_mut() {
            for (_, operation) in operations_mut(item) {
                complete(operation, access);
            }
        }
        all.merge(part);
    }
    let components = all.components.get_or_insert_default();
    components.schemas.insert(Problem::name().into_owned(), Problem::schema());
    let mut scheme = Http::new(HttpAuthScheme::Bearer);
    scheme.description =
        Some("A tenant's or an operator's token, as `lockgate tokens create` prints it.".to_owned());
    components.security_schemes.insert(SCHEME.to_owned(), SecurityScheme::Http(scheme).into());
    serde_json::to_string(&all).unwrap_or_else(|_| "{}".to_owned())
}

fn complete(operation: &mut Operation, access: Access) {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(Problem::name()))).build();
    let problem = ResponseBuilder::new().description("A problem.").content(MEDIA_TYPE, content).build();
    operation.responses.responses.insert("default".to_owned(), problem.into());
    operation.security = match access {
        Access::Public => Some(Vec::new()),
        _ => Some(vec![SecurityRequirement::new::<_, [&str; 0], &str>(SCHEME, [])]),
    };
    let who = match access {
        Access::Public => "Needs no token.",
        Access::Anyone => "Needs any token.",
        Access::Tenant(Role::Reader) => "Needs a tenant's token, of any role.",
        Access::Tenant(Role::Editor) => "Needs a tenant's token of the role editor or owner.",
        Access::Tenant(Role::Owner) => "Needs a tenant's token of the role owner.",
        Access::Operator => "Needs an operator's token.",
    };
    operation.description = Some(match operation.description.take() {
        Some(text) if !text.is_empty() => format!("{text}\n\n{who}"),
        _ => who.to_owned(),
    });
}

pub(crate) fn methods(document: &OpenApi, access: Access) -> Vec<Route> {
    let Paths { paths, .. } = &document.paths;
    let mut routes = Vec::new();
    for (path, item) in paths {
        let mut item = item.clone();
        let methods: Vec<_> = operations_mut(&mut item).map(|(method, _)| method).collect();
        routes.extend(methods.into_iter().map(|method| Route { path: path.clone(), method, access }));
    }
    routes
}

fn operations_mut(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    let PathItem { get, put, post, delete, patch, .. } = item;
    [("GET", get), ("PUT", put), ("POST", post), ("DELETE", delete), ("PATCH", patch)]
        .into_iter()
        .filter_map(|(method, operation)| operation.as_mut().map(|operation| (method, operation)))
}

/// Whether a path is one that this template routes.
pub(crate) fn matches(template: &str, path: &str) -> bool {
    let (mut parts, mut given) = (template.split('/'), path.split('/'));
    loop {
        match (parts.next(), given.next()) {
            (None, None) => return true,
            (Some(part), Some(given)) if part == given || (part.starts_with('{') && !given.is_empty()) => {}
            _ => return false,
        }
    }
}
