//! What the connector says of itself and what it asks for.

use lockgate_sdk::manifest::{
    self, Action, AnswerRule, AuthScheme, BodyIs, Category, Effect, Example, HostInput, InputKind, Manifest,
    Meaning, Rate, Trigger,
};
use lockgate_sdk::{Value, json};

use crate::api::DEFAULT_ORIGIN;

const CONTACTS: &str = "crm.objects.contacts.read";
const DEALS: &str = "crm.objects.deals.read";

pub(crate) fn manifest() -> Manifest {
    Manifest {
        auth: vec![AuthScheme::Bearer],
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
                CONTACTS,
                "Read contacts",
                &[
                    ("GET", "/crm/v3/objects/contacts"),
                    ("GET", "/crm/v3/objects/contacts/{id}"),
                    ("POST", "/crm/v3/objects/contacts/batch/read"),
                ],
            ),
            manifest::scope(
                DEALS,
                "Read deals and the contacts that they belong to",
                &[
                    ("GET", "/crm/v3/objects/deals"),
                    ("GET", "/crm/v3/objects/deals/{id}"),
                    ("POST", "/crm/v3/objects/deals/search"),
                    ("POST", "/crm/v3/associations/deals/contacts/batch/read"),
                ],
            ),
        ],
        answers: vec![
            // Somebody else is writing to the same object.
            manifest::answer(Meaning::NotProcessed, &[423]),
            limit("SECONDLY", 1_000),
            limit("TEN_SECONDLY_ROLLING", 10_000),
            // It ends at midnight in the account's time zone, which is not told: ask again every hour.
            limit("DAILY", 3_600_000),
        ],
        actions: vec![
            Action {
                scopes: vec![CONTACTS.to_owned()],
                input: by_id(),
                output: contact(),
                examples: vec![Example { input: json!({"id": "1001"}), output: example_contact() }],
                ..manifest::action("get_contact", "Read one contact", Effect::Read)
            },
            Action {
                scopes: vec![DEALS.to_owned(), CONTACTS.to_owned()],
                input: by_id(),
                output: deal(),
                examples: vec![Example { input: json!({"id": "10248"}), output: example_deal() }],
                ..manifest::action("get_deal", "Read one deal with its contact", Effect::Read)
            },
        ],
        triggers: vec![
            Trigger {
                scopes: vec![CONTACTS.to_owned()],
                record: contact(),
                ..manifest::poll("contacts", "All contacts")
            },
            Trigger {
                scopes: vec![DEALS.to_owned(), CONTACTS.to_owned()],
                record: deal(),
                ..manifest::poll("closed_won_deals", "Deals that were won, with their contacts")
            },
        ],
        // What a private app may do: 190 requests in ten seconds.
        rate: Some(Rate { per_second: 19, burst: 190 }),
        ..manifest::new("crm", env!("CARGO_PKG_VERSION"), "CRM (HubSpot)", Category::Marketing)
    }
}

/// A refusal names the limit that was reached, not how long it lasts.
fn limit(policy: &str, wait_ms: u64) -> AnswerRule {
    let named = BodyIs { pointer: "/policyName".to_owned(), equals: json!(policy) };
    AnswerRule { body: vec![named], wait_ms: Some(wait_ms), ..manifest::answer(Meaning::RateLimited, &[429]) }
}

fn by_id() -> Value {
    json!({
        "type": "object",
        "properties": {"id": {"type": "string", "minLength": 1, "maxLength": 64}},
        "required": ["id"],
        "additionalProperties": false,
    })
}

fn contact() -> Value {
    let text = || json!({"type": ["string", "null"]});
    json!({
        "type": "object",
        "properties": {
            "id": {"type": "string"},
            "email": text(),
            "company": text(),
            "first_name": text(),
            "last_name": text(),
            "city": text(),
            "country": text(),
        },
        "required": ["id", "email", "company", "first_name", "last_name", "city", "country"],
    })
}

fn deal() -> Value {
    let text = || json!({"type": ["string", "null"]});
    json!({
        "type": "object",
        "properties": {
            "deal_id": {"type": "string"},
            "name": text(),
            "amount": {"type": ["string", "null"], "description": "a decimal number, exactly as the CRM has it"},
            "currency": text(),
            "stage": text(),
            "closed_at": text(),
            "contact": {"anyOf": [{"type": "null"}, contact()]},
        },
        "required": ["deal_id", "name", "amount", "currency", "stage", "closed_at", "contact"],
    })
}

fn example_contact() -> Value {
    json!({
        "id": "1001",
        "email": "ada@example.com",
        "company": "Example Ltd",
        "first_name": "Ada",
        "last_name": "Byron",
        "city": "London",
        "country": "UK",
    })
}

fn example_deal() -> Value {
    json!({
        "deal_id": "10248",
        "name": "Example Ltd order 10248",
        "amount": "440.0000",
        "currency": "EUR",
        "stage": "closedwon",
        "closed_at": "1996-07-16T00:00:00.000Z",
        "contact": example_contact(),
    })
}
