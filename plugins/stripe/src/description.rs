//! What the connector says of itself and what it asks for.

use lockgate_sdk::manifest::{
    self, Action, AnswerRule, AuthScheme, BodyIs, Category, Effect, Example, HeaderIs, HostInput,
    Idempotency, InputKind, Manifest, Meaning, Rate, Trigger, WebhookScheme,
};
use lockgate_sdk::{Value, json};

use crate::api::DEFAULT_ORIGIN;
use crate::key;

const CUSTOMERS_READ: &str = "customers:read";
const CUSTOMERS_WRITE: &str = "customers:write";
const INVOICES_WRITE: &str = "invoices:write";
const INVOICES_VOID: &str = "invoices:void";
const BALANCE_READ: &str = "balance:read";

pub(crate) fn manifest() -> Manifest {
    Manifest {
        auth: vec![AuthScheme::Bearer, AuthScheme::Basic],
        config: json!({
            "type": "object",
            "properties": {
                "api_base": {"type": "string", "title": "Origin of the API", "default": DEFAULT_ORIGIN},
            },
            "additionalProperties": false,
        }),
        inputs: vec![HostInput {
            name: "api_base".to_owned(),
            kind: InputKind::Origin,
            default: Some(DEFAULT_ORIGIN.to_owned()),
        }],
        hosts: vec!["{api_base}".to_owned()],
        scopes: vec![
            manifest::scope(
                CUSTOMERS_READ,
                "Read customers",
                &[("GET", "/v1/customers"), ("GET", "/v1/customers/{id}")],
            ),
            manifest::scope(CUSTOMERS_WRITE, "Create customers", &[("POST", "/v1/customers")]),
            manifest::scope(
                "invoices:read",
                "Read invoices and their items",
                &[("GET", "/v1/invoices"), ("GET", "/v1/invoices/{id}"), ("GET", "/v1/invoiceitems")],
            ),
            manifest::scope(
                INVOICES_WRITE,
                "Draft invoices and add items",
                &[("POST", "/v1/invoices"), ("POST", "/v1/invoiceitems")],
            ),
            manifest::scope(INVOICES_VOID, "Void invoices", &[("POST", "/v1/invoices/{id}/void")]),
            manifest::scope(BALANCE_READ, "Read the balance", &[("GET", "/v1/balance")]),
        ],
        actions: vec![
            create_customer(),
            create_invoice(),
            create_invoice_item(),
            void_invoice(),
            Action {
                scopes: vec![BALANCE_READ.to_owned()],
                ..manifest::action("get_balance", "Read the account's balance", Effect::Read)
            },
        ],
        triggers: vec![
            Trigger {
                scopes: vec![CUSTOMERS_READ.to_owned()],
                record: customer_record(),
                ..manifest::poll("customers", "New customers")
            },
            Trigger {
                record: paid_invoice_record(),
                ..manifest::webhook("paid_invoices", "Invoices as they are paid", WebhookScheme::Stripe)
            },
            Trigger {
                record: event_record(),
                ..manifest::webhook("events", "Everything that happens", WebhookScheme::Stripe)
            },
        ],
        rate: Some(Rate { per_second: 100, burst: 100 }),
        answers: answers(),
        ..manifest::new("stripe", env!("CARGO_PKG_VERSION"), "Stripe", Category::Commerce)
    }
}

/// The API's own word on repeating goes before what a status means, except that a limit stays a limit.
fn answers() -> Vec<AnswerRule> {
    let word = |means, status: &[u16], equals: &str| {
        let header = HeaderIs { name: "Stripe-Should-Retry".to_owned(), equals: equals.to_owned() };
        AnswerRule { headers: vec![header], ..manifest::answer(means, status) }
    };
    let limit = BodyIs { pointer: "/error/code".to_owned(), equals: json!("rate_limit") };
    vec![
        manifest::answer(Meaning::RateLimited, &[429]),
        AnswerRule { body: vec![limit], ..manifest::answer(Meaning::RateLimited, &[400]) },
        manifest::answer(Meaning::Auth, &[401]),
        word(Meaning::Transient, &[], "true"),
        word(Meaning::Conflict, &[409], "false"),
        word(Meaning::Permanent, &[], "false"),
        manifest::answer(Meaning::Transient, &[409]),
    ]
}

fn write(name: &str, title: &str, scopes: &[&str]) -> Action {
    Action {
        scopes: scopes.iter().map(|&scope| scope.to_owned()).collect(),
        idempotency: Some(Idempotency::in_header(key::HEADER)),
        ..manifest::action(name, title, Effect::Write)
    }
}

fn create_customer() -> Action {
    Action {
        input: object(
            json!({
                "email": text(),
                "name": optional_text(),
                "metadata": metadata(),
            }),
            &["email"],
        ),
        output: object(json!({"customer_id": text()}), &["customer_id"]),
        examples: vec![Example {
            input: json!({"email": "ada@example.com", "name": "Ada Byron"}),
            output: json!({"customer_id": "cus_1"}),
        }],
        ..write("create_customer", "Create a customer", &[CUSTOMERS_WRITE])
    }
}

fn create_invoice() -> Action {
    let customer =
        object(json!({"email": text(), "name": optional_text(), "external_id": optional_text()}), &["email"]);
    let line = object(json!({"amount_cents": cents(), "description": optional_text()}), &["amount_cents"]);
    Action {
        input: object(
            json!({
                "customer": customer,
                "customer_id": text(),
                "currency": currency(),
                "lines": {"type": "array", "items": line, "maxItems": 250},
                "metadata": metadata(),
                "description": optional_text(),
                "pending_items": {"enum": ["exclude", "include"], "default": "exclude"},
            }),
            &["currency"],
        ),
        output: object(
            json!({"invoice_id": text(), "customer_id": text(), "amount_cents": {"type": "integer"}}),
            &["invoice_id", "customer_id", "amount_cents"],
        ),
        examples: vec![Example {
            input: json!({
                "customer": {"email": "ada@example.com", "name": "Example Ltd"},
                "currency": "eur",
                "lines": [{"amount_cents": 44_000, "description": "Order 10248"}],
            }),
            output: json!({"invoice_id": "in_1", "customer_id": "cus_1", "amount_cents": 44_000}),
        }],
        ..write(
            "create_invoice",
            "Draft an invoice for a customer, who is created if missing",
            &[CUSTOMERS_READ, CUSTOMERS_WRITE, INVOICES_WRITE],
        )
    }
}

fn create_invoice_item() -> Action {
    Action {
        input: object(
            json!({
                "customer_id": text(),
                "amount_cents": cents(),
                "currency": currency(),
                "description": optional_text(),
            }),
            &["customer_id", "amount_cents", "currency"],
        ),
        output: object(json!({"invoice_item_id": text()}), &["invoice_item_id"]),
        ..write("create_invoice_item", "Add an item to a customer's next invoice", &[INVOICES_WRITE])
    }
}

fn void_invoice() -> Action {
    Action {
        input: object(json!({"invoice_id": text()}), &["invoice_id"]),
        output: object(json!({"invoice_id": text(), "status": text()}), &["invoice_id", "status"]),
        ..write("void_invoice", "Void an open invoice", &[INVOICES_VOID])
    }
}

fn customer_record() -> Value {
    json!({
        "type": "object",
        "properties": {
            "id": {"type": "string"},
            "created": {"type": "integer"},
            "email": {"type": ["string", "null"]},
            "name": {"type": ["string", "null"]},
            "metadata": {"type": "object"},
        },
        "required": ["id", "created", "email", "name", "metadata"],
    })
}

fn paid_invoice_record() -> Value {
    json!({
        "type": "object",
        "properties": {
            "invoice_id": {"type": "string"},
            "customer_id": {"type": ["string", "null"]},
            "customer_email": {"type": ["string", "null"]},
            "number": {"type": ["string", "null"]},
            "currency": {"type": "string"},
            "amount_paid_cents": {"type": "integer"},
            "paid_at": {"type": "integer"},
            "metadata": {"type": "object"},
        },
        "required": ["invoice_id", "currency", "amount_paid_cents", "paid_at"],
    })
}

fn event_record() -> Value {
    json!({
        "type": "object",
        "properties": {
            "event_id": {"type": "string"},
            "type": {"type": "string"},
            "created": {"type": "integer"},
            "livemode": {"type": "boolean"},
            "object": {"type": "object"},
        },
        "required": ["event_id", "type", "created", "object"],
    })
}

fn object(properties: Value, required: &[&str]) -> Value {
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

fn text() -> Value {
    json!({"type": "string", "minLength": 1, "maxLength": 500})
}

fn optional_text() -> Value {
    json!({"type": ["string", "null"], "maxLength": 500})
}

/// Stripe takes eight digits in the smallest unit.
fn cents() -> Value {
    json!({"type": "integer", "minimum": -99_999_999, "maximum": 99_999_999})
}

fn currency() -> Value {
    json!({"type": "string", "pattern": "^[A-Za-z]{3}$"})
}

fn metadata() -> Value {
    json!({"type": "object", "maxProperties": 50, "additionalProperties": optional_text()})
}
