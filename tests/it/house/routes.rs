//! Every route of the API has a row that says who may use it.

use lockgate::domain::token::Role;
use server::Access;

const READER: Access = Access::Tenant(Role::Reader);
const EDITOR: Access = Access::Tenant(Role::Editor);
const OWNER: Access = Access::Tenant(Role::Owner);

/// Exactly the routes of the server, each with who may use it. A new route fails here until somebody has decided.
const ROUTES: &[(&str, &str, Access)] = &[
    ("GET", "/healthz", Access::Public),
    // Signed by its sender; see host/auth/src/webhook.
    ("POST", "/hooks/{id}", Access::Public),
    ("GET", "/oauth/callback", Access::Public),
    ("GET", "/oauth/start/{id}", Access::Public),
    ("GET", "/openapi.json", Access::Public),
    ("GET", "/v1/audit", Access::Anyone),
    ("GET", "/v1/audit/export", Access::Anyone),
    ("GET", "/v1/audit/verify", Access::Anyone),
    ("GET", "/v1/cassettes", READER),
    // What records and remotes said, whole.
    ("GET", "/v1/cassettes/{id}", EDITOR),
    ("GET", "/v1/connectors", READER),
    ("POST", "/v1/connectors", EDITOR),
    ("GET", "/v1/connectors/{name}", READER),
    ("GET", "/v1/connectors/{name}/manifest", READER),
    ("DELETE", "/v1/connectors/{name}/versions/{version}", EDITOR),
    ("GET", "/v1/dead-letters", READER),
    ("GET", "/v1/dead-letters/{id}", READER),
    ("PUT", "/v1/dead-letters/{id}/body", EDITOR),
    ("POST", "/v1/dead-letters/{id}/discard", EDITOR),
    ("POST", "/v1/dead-letters/{id}/replay", EDITOR),
    ("GET", "/v1/event-subscriptions", READER),
    ("POST", "/v1/event-subscriptions", OWNER),
    ("GET", "/v1/event-subscriptions/{name}", READER),
    ("DELETE", "/v1/event-subscriptions/{name}", OWNER),
    ("GET", "/v1/event-subscriptions/{name}/deliveries", READER),
    ("POST", "/v1/event-subscriptions/{name}/disable", EDITOR),
    ("POST", "/v1/event-subscriptions/{name}/enable", EDITOR),
    ("POST", "/v1/event-subscriptions/{name}/rotate-secret", OWNER),
    ("POST", "/v1/event-subscriptions/{name}/test", EDITOR),
    ("GET", "/v1/events", READER),
    ("GET", "/v1/flows", READER),
    ("POST", "/v1/flows", EDITOR),
    ("GET", "/v1/flows/{name}", READER),
    ("PUT", "/v1/flows/{name}", EDITOR),
    ("DELETE", "/v1/flows/{name}", EDITOR),
    ("POST", "/v1/flows/{name}/disable", EDITOR),
    ("POST", "/v1/flows/{name}/enable", EDITOR),
    ("POST", "/v1/flows/{name}/resume", EDITOR),
    ("POST", "/v1/flows/{name}/runs", EDITOR),
    ("GET", "/v1/hooks", READER),
    ("POST", "/v1/hooks", OWNER),
    ("GET", "/v1/hooks/{id}", READER),
    ("DELETE", "/v1/hooks/{id}", OWNER),
    ("POST", "/v1/hooks/{id}/disable", EDITOR),
    ("POST", "/v1/hooks/{id}/enable", EDITOR),
    ("POST", "/v1/hooks/{id}/retire", OWNER),
    ("PUT", "/v1/hooks/{id}/secret", OWNER),
    ("POST", "/v1/hooks/{id}/test", EDITOR),
    ("GET", "/v1/logs", READER),
    ("GET", "/v1/profiles", READER),
    ("POST", "/v1/profiles", EDITOR),
    ("GET", "/v1/profiles/{name}", READER),
    ("DELETE", "/v1/profiles/{name}", OWNER),
    ("POST", "/v1/profiles/{name}/actions/{action}", EDITOR),
    ("PUT", "/v1/profiles/{name}/canary", EDITOR),
    ("DELETE", "/v1/profiles/{name}/canary", EDITOR),
    ("POST", "/v1/profiles/{name}/canary/promote", EDITOR),
    ("POST", "/v1/profiles/{name}/check", EDITOR),
    ("POST", "/v1/profiles/{name}/connect", OWNER),
    ("DELETE", "/v1/profiles/{name}/connect", OWNER),
    ("POST", "/v1/profiles/{name}/consent", OWNER),
    ("PUT", "/v1/profiles/{name}/credential", OWNER),
    ("GET", "/v1/profiles/{name}/diff", READER),
    ("POST", "/v1/profiles/{name}/disable", EDITOR),
    ("GET", "/v1/profiles/{name}/drift", READER),
    ("DELETE", "/v1/profiles/{name}/drift", EDITOR),
    ("POST", "/v1/profiles/{name}/enable", EDITOR),
    ("POST", "/v1/profiles/{name}/grant", OWNER),
    // It tells pieces of what records and remotes said.
    ("POST", "/v1/profiles/{name}/judge", EDITOR),
    ("POST", "/v1/profiles/{name}/observe", EDITOR),
    ("POST", "/v1/profiles/{name}/policy/explain", EDITOR),
    ("GET", "/v1/profiles/{name}/policy/proposal", READER),
    ("GET", "/v1/profiles/{name}/recording", READER),
    // A consent.
    ("PUT", "/v1/profiles/{name}/recording", OWNER),
    ("POST", "/v1/profiles/{name}/refresh", EDITOR),
    ("POST", "/v1/profiles/{name}/revoke", OWNER),
    ("PUT", "/v1/profiles/{name}/secrets/{secret}", OWNER),
    ("POST", "/v1/profiles/{name}/token", OWNER),
    ("PUT", "/v1/profiles/{name}/tracing", EDITOR),
    ("POST", "/v1/profiles/{name}/upgrade", EDITOR),
    ("GET", "/v1/quotas", READER),
    ("GET", "/v1/records", READER),
    ("GET", "/v1/replays", READER),
    ("POST", "/v1/replays", EDITOR),
    ("GET", "/v1/replays/{id}", READER),
    ("POST", "/v1/replays/{id}/cancel", EDITOR),
    ("GET", "/v1/runs", READER),
    ("GET", "/v1/runs/{id}", READER),
    ("POST", "/v1/runs/{id}/cancel", EDITOR),
    ("GET", "/v1/runs/{id}/cassettes", READER),
    ("GET", "/v1/signers", READER),
    ("PUT", "/v1/signers", OWNER),
    ("GET", "/v1/tenants/{tenant}/quotas", Access::Operator),
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
