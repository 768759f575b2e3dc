//! Guests that misbehave, one file each in `examples`; here is what their manifests have in common.

pub mod taped;

use lockgate_sdk::json;
use lockgate_sdk::manifest::{
    self, Action, AuthScheme, Category, Effect, HostInput, InputKind, Manifest, Placement, Trigger,
};

/// A manifest with one host, given by the configuration, a scope to read `things` there and one to write them.
pub fn manifest(name: &str, actions: &[&str]) -> Manifest {
    Manifest {
        auth: vec![AuthScheme::Bearer, AuthScheme::Basic],
        config: json!({
            "type": "object",
            "properties": {"api_base": {"type": "string"}},
            "required": ["api_base"]
        }),
        inputs: vec![HostInput { name: "api_base".to_owned(), kind: InputKind::Origin, default: None }],
        hosts: vec!["{api_base}".to_owned()],
        scopes: vec![
            manifest::scope("things:read", "Read things", &[("GET", "/things"), ("GET", "/things/{id}")]),
            manifest::scope("things:write", "Write things", &[("POST", "/things")]),
        ],
        actions: actions.iter().map(|action| self::action(action)).collect(),
        ..manifest::new(name, "0.1.0", name, Category::Custom)
    }
}

/// Schemes whose credential depends on the request, with what they take from the configuration.
pub fn signed() -> [AuthScheme; 3] {
    [
        AuthScheme::ApiKey { place: Placement::JsonField, name: "api_key".to_owned(), prefix: String::new() },
        AuthScheme::AwsSigv4 {
            region: "{region}".to_owned(),
            service: "execute-api".to_owned(),
            unsigned_payload: false,
            in_query: false,
        },
        AuthScheme::Oauth1 { realm: Some("{account}".to_owned()), realm_is_account: true },
    ]
}

fn action(name: &str) -> Action {
    Action { output: json!({}), input: json!({}), ..manifest::action(name, name, Effect::Read) }
}

/// A trigger whose records may be anything.
pub fn trigger(name: &str) -> Trigger {
    Trigger { record: json!({}), ..manifest::poll(name, name) }
}
