//! The main job without Lockgate: the same requests in the same batches, by hand, in one process, keeping nothing.

use futures_util::future::join_all;
use serde_json::{Value, json};

/// What the native program talks to.
pub struct Native {
    client: reqwest::Client,
    crm: String,
    crm_token: String,
    stripe: String,
    stripe_key: String,
}

const BATCH: usize = 25;

impl Native {
    pub fn new(crm: String, crm_token: String, stripe: String, stripe_key: String) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        Self { client, crm, crm_token, stripe, stripe_key }
    }

    /// Turns every won deal into an invoice; returns how many.
    pub async fn run(&self) -> usize {
        let mut after: Option<String> = None;
        let mut delivered = 0;
        loop {
            let page = self.page(after.as_deref()).await;
            for batch in page.deals.chunks(BATCH) {
                delivered += self.deliver(batch).await;
            }
            match page.after {
                Some(next) => after = Some(next),
                None => return delivered,
            }
        }
    }

    async fn page(&self, after: Option<&str>) -> Page {
        let search = json!({
            "filterGroups": [{ "filters": [
                { "propertyName": "dealstage", "operator": "EQ", "value": "closedwon" },
                { "propertyName": "hs_lastmodifieddate", "operator": "GTE", "value": "0" },
            ] }],
            "sorts": [{ "propertyName": "hs_lastmodifieddate", "direction": "ASCENDING" }],
            "properties": ["dealname", "amount", "deal_currency_code", "dealstage", "closedate", "hs_lastmodifieddate"],
            "limit": 100,
            "after": after.unwrap_or("0"),
        });
        let found = self.crm_post("/crm/v3/objects/deals/search", &search).await;
        let deals = found["results"].as_array().expect("results").clone();
        let ids: Vec<_> = deals.iter().map(|deal| json!({ "id": deal["id"] })).collect();
        let linked =
            self.crm_post("/crm/v3/associations/deals/contacts/batch/read", &json!({ "inputs": ids })).await;
        let contact_of = |deal: &Value| {
            let found = linked["results"]
                .as_array()
                .and_then(|all| all.iter().find(|one| one["from"]["id"] == deal["id"]));
            found.map(|one| one["to"][0]["id"].clone()).expect("a contact")
        };
        let mut wanted: Vec<_> =
            deals.iter().map(contact_of).map(|id| id.as_str().expect("an id").to_owned()).collect();
        wanted.sort();
        wanted.dedup();
        let inputs: Vec<_> = wanted.iter().map(|id| json!({ "id": id })).collect();
        let read = json!({ "properties": ["email", "company"], "inputs": inputs });
        let contacts = self.crm_post("/crm/v3/objects/contacts/batch/read", &read).await;
        let deals = deals
            .iter()
            .map(|deal| {
                let id = contact_of(deal);
                let all = contacts["results"].as_array().expect("contacts");
                let contact = all.iter().find(|contact| contact["id"] == id).expect("the contact");
                Deal::new(deal, contact)
            })
            .collect();
        Page { deals, after: found["paging"]["next"]["after"].as_str().map(str::to_owned) }
    }

    /// The four rounds of a batch: find customers, create the missing ones, invoices, lines.
    async fn deliver(&self, batch: &[Deal]) -> usize {
        let mut emails: Vec<_> =
            batch.iter().map(|deal| (deal.email.clone(), deal.company.clone())).collect();
        emails.sort();
        emails.dedup();
        let customers = join_all(emails.iter().map(|(email, company)| self.customer(email, company))).await;
        let made = join_all(batch.iter().map(|deal| async {
            let at = emails.iter().position(|(email, _)| *email == deal.email).expect("found above");
            let key = format!("native/{}", deal.id);
            let form = [
                ("customer", customers[at].as_str()),
                ("currency", "eur"),
                ("pending_invoice_items_behavior", "exclude"),
                ("metadata[deal_id]", deal.id.as_str()),
            ];
            let invoice = self.stripe_post("/v1/invoices", &form, &format!("{key}/invoice")).await;
            (invoice["id"].as_str().expect("an invoice").to_owned(), customers[at].clone(), key)
        }))
        .await;
        let lines = batch.iter().zip(&made).map(|(deal, (invoice, customer, key))| async move {
            let cents = deal.cents.to_string();
            let form = [
                ("customer", customer.as_str()),
                ("invoice", invoice.as_str()),
                ("amount", cents.as_str()),
                ("currency", "eur"),
                ("description", deal.name.as_str()),
            ];
            self.stripe_post("/v1/invoiceitems", &form, &format!("{key}/line/0")).await
        });
        join_all(lines).await.len()
    }

    async fn customer(&self, email: &str, company: &str) -> String {
        let query = form(&[("email", email), ("limit", "1")]);
        let request = self.client.get(format!("{}/v1/customers?{query}", self.stripe));
        let found = json_of(request.bearer_auth(&self.stripe_key).send().await.expect("sent")).await;
        if let Some(id) = found["data"][0]["id"].as_str() {
            return id.to_owned();
        }
        let made = self
            .stripe_post("/v1/customers", &[("email", email), ("name", company)], &format!("native/{email}"))
            .await;
        made["id"].as_str().expect("a customer").to_owned()
    }

    async fn crm_post(&self, path: &str, body: &Value) -> Value {
        let request = self.client.post(format!("{}{path}", self.crm)).bearer_auth(&self.crm_token);
        let request = request.header("content-type", "application/json").body(body.to_string());
        json_of(request.send().await.expect("sent")).await
    }

    async fn stripe_post(&self, path: &str, fields: &[(&str, &str)], key: &str) -> Value {
        let request = self.client.post(format!("{}{path}", self.stripe)).bearer_auth(&self.stripe_key);
        let request = request
            .header("content-type", "application/x-www-form-urlencoded")
            .header("idempotency-key", key);
        json_of(request.body(form(fields)).send().await.expect("sent")).await
    }
}

struct Page {
    deals: Vec<Deal>,
    after: Option<String>,
}

struct Deal {
    id: String,
    name: String,
    email: String,
    company: String,
    cents: i64,
}

impl Deal {
    fn new(deal: &Value, contact: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let amount = text(&deal["properties"]["amount"]);
        let (whole, fraction) = amount.split_once('.').unwrap_or((&amount, "0"));
        let parts: i64 = format!("{fraction:0<4}")[..4].parse().expect("a fraction");
        let cents = (whole.parse::<i64>().expect("an amount") * 10_000 + parts + 50).div_euclid(100);
        Self {
            id: text(&deal["id"]),
            name: text(&deal["properties"]["dealname"]),
            email: text(&contact["properties"]["email"]),
            company: text(&contact["properties"]["company"]),
            cents,
        }
    }
}

fn form(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

async fn json_of(response: reqwest::Response) -> Value {
    assert!(response.status().is_success(), "{}", response.status());
    serde_json::from_slice(&response.bytes().await.expect("a body")).expect("JSON")
}
