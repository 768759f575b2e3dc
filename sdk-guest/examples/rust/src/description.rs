//! What the connector offers and what it asks for.

use lockgate_sdk::manifest::{
    self, Action, AuthScheme, Category, Effect, Example, HostInput, Idempotency, InputKind, Manifest,
    Trigger, WebhookScheme,
};
use lockgate_sdk::{Value, json};

pub(crate) fn manifest() -> Manifest {
    let read = vec!["tickets:read".to_owned()];
    Manifest {
        auth: vec![AuthScheme::Bearer],
        config: json!({
            "type": "object",
            "properties": { "base_url": { "type": "string" } },
            "additionalProperties": false,
        }),
        inputs: vec![HostInput {
            name: "base_url".to_owned(),
            kind: InputKind::Origin,
            default: Some("https://api.desk.example".to_owned()),
        }],
        hosts: vec!["{base_url}".to_owned()],
        scopes: vec![
            manifest::scope(
                "tickets:read",
                "Read tickets",
                &[("GET", "/v1/me"), ("GET", "/v1/tickets"), ("GET", "/v1/tickets/{id}")],
            ),
            manifest::scope("tickets:write", "Make tickets", &[("POST", "/v1/tickets")]),
        ],
        actions: vec![
            Action {
                scopes: read.clone(),
                input: one_text("id"),
                output: ticket(),
                examples: vec![Example { input: json!({ "id": "7" }), output: one_ticket() }],
                ..manifest::action("get_ticket", "Read one ticket", Effect::Read)
            },
            Action {
                scopes: vec!["tickets:write".to_owned()],
                input: one_text("subject"),
                output: ticket(),
                examples: vec![Example { input: json!({ "subject": "No light" }), output: one_ticket() }],
                idempotency: Some(Idempotency::in_header("Idempotency-Key")),
                ..manifest::action("create_ticket", "Make a ticket", Effect::Write)
            },
        ],
        triggers: vec![
            Trigger {
                scopes: read,
                record: ticket(),
                ..manifest::poll("tickets", "New and changed tickets")
            },
            Trigger {
                record: ticket(),
                ..manifest::webhook(
                    "ticket_events",
                    "Tickets, as they change",
                    WebhookScheme::StandardWebhooks,
                )
            },
        ],
        ..manifest::new("desk", env!("CARGO_PKG_VERSION"), "Help desk", Category::Custom)
    }
}

fn one_text(name: &str) -> Value {
    json!({ "type": "object", "properties": { name: { "type": "string" } }, "required": [name] })
}

fn ticket() -> Value {
    json!({
        "type": "object",
        "properties": {
            "id": { "type": "string" },
            "subject": { "type": "string" },
            "status": { "enum": ["open", "closed"] },
            "updated_at": { "type": "string" },
        },
        "required": ["id", "subject", "status", "updated_at"],
    })
}

fn one_ticket() -> Value {
    json!({ "id": "7", "subject": "No light", "status": "open", "updated_at": "2026-01-01T08:00:00Z" })
}
