//! What a connector says of itself and what it asks for: the types of the contract, and short ways to write them.
//!
//! Asking grants nothing: an operator or a tenant grants, and the host holds the connector to it.

pub use wit::{
    Action, AnswerRule, Assertion, AssertionAlg, AuthScheme, BodyEncoding, BodyIs, Category, ClientAuth,
    Effect, Example, HeaderIs, HmacWebhook, HostInput, Idempotency, InputKind, Manifest, Meaning, Oauth2,
    Oauth2Grant, Placement, Rate, Rule, Scope, TokenExchange, Trigger, TriggerKind, Webhook,
    WebhookAlgorithm, WebhookEncoding, WebhookEventId, WebhookScheme, WebhookTimeUnit, WebhookTimestamp,
};

use crate::{Value, json};

/// A manifest that asks for nothing yet; fill it with struct update syntax.
///
/// ```
/// use lockgate_sdk::manifest::{self, Category, Manifest};
///
/// let manifest = Manifest {
///     hosts: vec!["https://api.example.com".to_owned()],
///     ..manifest::new("example", "0.1.0", "Example", Category::Custom)
/// };
/// assert!(manifest.scopes.is_empty());
/// ```
pub fn new(name: &str, version: &str, title: &str, category: Category) -> Manifest {
    Manifest {
        name: name.to_owned(),
        version: version.to_owned(),
        title: title.to_owned(),
        category,
        auth: Vec::new(),
        config: any_object(),
        inputs: Vec::new(),
        hosts: Vec::new(),
        scopes: Vec::new(),
        actions: Vec::new(),
        triggers: Vec::new(),
        secrets: Vec::new(),
        rate: None,
        answers: Vec::new(),
    }
}

/// A scope: the requests, as methods with path templates, that it covers at every host of the manifest.
///
/// ```
/// use lockgate_sdk::manifest;
///
/// let read = manifest::scope(
///     "invoices:read",
///     "Read invoices",
///     &[("GET", "/v1/invoices"), ("GET", "/v1/invoices/{id}")],
/// );
/// assert_eq!(read.rules.len(), 2);
/// ```
pub fn scope(name: &str, title: &str, rules: &[(&str, &str)]) -> Scope {
    Scope {
        name: name.to_owned(),
        title: title.to_owned(),
        rules: rules.iter().map(|(method, path)| rule(method, path)).collect(),
    }
}

/// One kind of request, at every host of the manifest; fill it with struct update syntax.
///
/// ```
/// use lockgate_sdk::manifest::{self, Rule};
///
/// // The vendor counts a search five times.
/// let search = Rule { cost: Some(5), ..manifest::rule("POST", "/v1/search") };
/// assert_eq!(search.path, "/v1/search");
/// ```
pub fn rule(method: &str, path: &str) -> Rule {
    Rule { method: method.to_owned(), path: path.to_owned(), host: None, cost: None }
}

/// An action that takes and gives any object and needs no scope yet; fill it with struct update syntax.
///
/// ```
/// use lockgate_sdk::manifest::{self, Action, Effect};
///
/// let action = Action {
///     scopes: vec!["invoices:read".to_owned()],
///     ..manifest::action("get_invoice", "Read one invoice", Effect::Read)
/// };
/// assert_eq!(action.effect, Effect::Read);
/// ```
pub fn action(name: &str, title: &str, effect: Effect) -> Action {
    Action {
        name: name.to_owned(),
        title: title.to_owned(),
        effect,
        scopes: Vec::new(),
        input: any_object(),
        output: any_object(),
        idempotency: None,
        examples: Vec::new(),
    }
}

/// A trigger that the host polls, whose records are any objects; fill it with struct update syntax.
///
/// ```
/// use lockgate_sdk::manifest::{self, Trigger, TriggerKind};
///
/// let trigger = Trigger {
///     scopes: vec!["invoices:read".to_owned()],
///     ..manifest::poll("new_invoices", "New invoices")
/// };
/// assert_eq!(trigger.kind, TriggerKind::Poll);
/// ```
pub fn poll(name: &str, title: &str) -> Trigger {
    Trigger {
        name: name.to_owned(),
        title: title.to_owned(),
        kind: TriggerKind::Poll,
        scopes: Vec::new(),
        record: any_object(),
    }
}

/// A trigger that the system sends to, signed by this scheme; fill it with struct update syntax. What `receive` makes of
/// each event is its records.
///
/// ```
/// use lockgate_sdk::manifest::{self, TriggerKind, WebhookScheme};
///
/// let trigger = manifest::webhook("events", "Everything that happens", WebhookScheme::Github);
/// assert!(matches!(trigger.kind, TriggerKind::Webhook(_)));
/// ```
pub fn webhook(name: &str, title: &str, scheme: WebhookScheme) -> Trigger {
    Trigger { kind: TriggerKind::Webhook(Webhook { scheme, headers: Vec::new() }), ..poll(name, title) }
}

/// What an answer with one of these statuses means, whatever its headers and its body; narrow it with struct update syntax.
///
/// ```
/// use lockgate_sdk::json;
/// use lockgate_sdk::manifest::{self, AnswerRule, BodyIs, Meaning};
///
/// let throttled = AnswerRule {
///     body: vec![BodyIs { pointer: "/errors/*/extensions/code".to_owned(), equals: json!("THROTTLED") }],
///     wait_ms: Some(2_000),
///     ..manifest::answer(Meaning::RateLimited, &[200])
/// };
/// assert_eq!(throttled.status, [200]);
/// ```
pub fn answer(means: Meaning, status: &[u16]) -> AnswerRule {
    AnswerRule { means, status: status.to_vec(), headers: Vec::new(), body: Vec::new(), wait_ms: None }
}

fn any_object() -> Value {
    json!({"type": "object"})
}
