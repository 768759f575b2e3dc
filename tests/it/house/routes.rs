//! Every route of the API has a row that says who may use it.

use server::Access;

/// Exactly the routes of the server, each with who may use it. A new route fails here until somebody has decided.
const ROUTES: &[(&str, &str, Access)] = &[
    ("GET", "/healthz", Access::Public),
    ("GET", "/openapi.json", Access::Public),
    ("GET", "/v1/connectors", Access::Tenant),
    ("POST", "/v1/connectors", Access::Tenant),
    ("GET", "/v1/connectors/{name}", Access::Tenant),
    ("GET", "/v1/dead-letters", Access::Tenant),
    ("GET", "/v1/dead-letters/{id}", Access::Tenant),
    ("POST", "/v1/dead-letters/{id}/replay", Access::Tenant),
    ("GET", "/v1/flows", Access::Tenant),
    ("POST", "/v1/flows", Access::Tenant),
    ("GET", "/v1/flows/{name}", Access::Tenant),
    ("POST", "/v1/flows/{name}/disable", Access::Tenant),
    ("POST", "/v1/flows/{name}/enable", Access::Tenant),
    ("POST", "/v1/flows/{name}/runs", Access::Tenant),
    ("GET", "/v1/logs", Access::Tenant),
    ("GET", "/v1/profiles", Access::Tenant),
    ("POST", "/v1/profiles", Access::Tenant),
    ("GET", "/v1/profiles/{name}", Access::Tenant),
    ("POST", "/v1/profiles/{name}/actions/{action}", Access::Tenant),
    ("POST", "/v1/profiles/{name}/check", Access::Tenant),
    ("PUT", "/v1/profiles/{name}/credential", Access::Tenant),
    ("POST", "/v1/profiles/{name}/disable", Access::Tenant),
    ("POST", "/v1/profiles/{name}/enable", Access::Tenant),
    ("POST", "/v1/profiles/{name}/grant", Access::Tenant),
    ("POST", "/v1/profiles/{name}/revoke", Access::Tenant),
    ("PUT", "/v1/profiles/{name}/secrets/{secret}", Access::Tenant),
    ("GET", "/v1/runs", Access::Tenant),
    ("GET", "/v1/runs/{id}", Access::Tenant),
    ("GET", "/v1/tokens", Access::Operator),
    ("POST", "/v1/tokens", Access::Operator),
    ("DELETE", "/v1/tokens/{id}", Access::Operator),
    ("GET", "/v1/whoami", Access::Anyone),
];

#[test]
fn every_route_has_an_authorisation_row() {
    let mut served: Vec<_> =
        server::routes().iter().map(|route| (route.method, route.path.as_str(), route.access)).collect();
    let mut decided = ROUTES.to_vec();
    served.sort_by_key(|(method, path, _)| (path.to_string(), *method));
    decided.sort_by_key(|(method, path, _)| (path.to_string(), *method));
    assert_eq!(served, decided);
}
