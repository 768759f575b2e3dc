//! What the CRM knows: its objects by id, and the changes people make to them.

use std::collections::{BTreeMap, HashMap};

use jiff::civil::Date;
use jiff::tz::Offset;

use super::object::{Kind, Object, Property};
use crate::northwind::{self, Customer, Order};

const FIRST_CONTACT: u64 = 1001;
/// The first of January 1996, before any order.
const CONTACTS_CREATED_MS: i64 = 820_454_400_000;
const WON: &str = "closedwon";
const OPEN: &str = "contractsent";

/// A deal to add.
#[derive(Clone, Debug)]
pub struct NewDeal {
    /// As in Northwind, such as `ALFKI`.
    pub customer_id: String,
    pub amount_ten_thousandths: i64,
    /// `closedwon` from the start.
    pub won: bool,
    pub now_ms: i64,
}

/// A contact to add.
#[derive(Clone, Debug)]
pub struct NewContact {
    pub email: String,
    pub company: String,
    pub now_ms: i64,
}

/// What has been won so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClosedWon {
    pub deals: usize,
    /// Each deal rounded half up to the cent, then summed.
    pub total_cents: i64,
}

/// A deal that is won.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WonDeal {
    pub id: u64,
    /// When it changed last.
    pub updated_ms: i64,
    /// Rounded half up to the cent.
    pub amount_cents: i64,
}

pub(super) struct Book {
    contacts: BTreeMap<u64, Object>,
    deals: BTreeMap<u64, Object>,
    contact_of: HashMap<String, u64>,
}

impl Book {
    pub(super) fn northwind() -> Self {
        let customers = || (FIRST_CONTACT..).zip(northwind::customers());
        let contact_of =
            customers().map(|(id, customer)| (customer.id.clone(), id)).collect::<HashMap<_, _>>();
        let contacts = customers().map(|(id, customer)| (id, contact(id, customer))).collect();
        let companies =
            northwind::customers().iter().map(|customer| (customer.id.as_str(), customer.company.as_str()));
        let companies = companies.collect::<HashMap<_, _>>();
        let deals = northwind::orders().iter().map(|order| {
            let contact = contact_of.get(&order.customer_id).copied();
            let company = companies.get(order.customer_id.as_str()).copied().unwrap_or_default();
            (order.id, deal(order, contact, company))
        });
        Self { contacts, deals: deals.collect(), contact_of }
    }

    pub(super) fn of(&self, kind: Kind) -> &BTreeMap<u64, Object> {
        match kind {
            Kind::Contact => &self.contacts,
            Kind::Deal => &self.deals,
        }
    }

    pub(super) fn close_deal(&mut self, id: u64, now_ms: i64) -> bool {
        let Some(deal) = self.deals.get_mut(&id) else { return false };
        deal.properties.insert("dealstage", Property::Text(WON.to_owned()));
        deal.properties.insert("closedate", Property::Moment(now_ms));
        deal.updated_ms = now_ms;
        true
    }

    pub(super) fn add_deal(&mut self, new: &NewDeal) -> Option<u64> {
        let contact = *self.contact_of.get(&new.customer_id)?;
        let id = self.deals.last_key_value().map_or(1, |(last, _)| last + 1);
        let properties = deal_properties(DealParts {
            name: format!("{} order {id}", new.customer_id),
            amount_ten_thousandths: new.amount_ten_thousandths,
            won: new.won,
            close_ms: new.now_ms,
        });
        let deal = Object {
            kind: Kind::Deal,
            id,
            created_ms: new.now_ms,
            updated_ms: new.now_ms,
            contact: Some(contact),
            properties,
        };
        self.deals.insert(id, deal);
        Some(id)
    }

    pub(super) fn add_contact(&mut self, new: &NewContact) -> u64 {
        let id = self.contacts.last_key_value().map_or(FIRST_CONTACT, |(last, _)| last + 1);
        let properties = [("email", &new.email), ("company", &new.company)]
            .into_iter()
            .map(|(name, value)| (name, Property::Text(value.clone())))
            .collect();
        let contact = Object {
            kind: Kind::Contact,
            id,
            created_ms: new.now_ms,
            updated_ms: new.now_ms,
            contact: None,
            properties,
        };
        self.contacts.insert(id, contact);
        id
    }

    pub(super) fn won_deals(&self) -> Vec<WonDeal> {
        let won = Some(Property::Text(WON.to_owned()));
        let is_won = |deal: &&Object| deal.property("dealstage") == won;
        let seen = |deal: &Object| {
            let amount_cents = match deal.property("amount") {
                Some(Property::Decimal(amount)) => northwind::cents(amount),
                _ => 0,
            };
            WonDeal { id: deal.id, updated_ms: deal.updated_ms, amount_cents }
        };
        self.deals.values().filter(is_won).map(seen).collect()
    }

    pub(super) fn closed_won(&self) -> ClosedWon {
        let won = self.won_deals();
        ClosedWon { deals: won.len(), total_cents: won.iter().map(|deal| deal.amount_cents).sum() }
    }
}

fn contact(id: u64, customer: &Customer) -> Object {
    let (first, last) = customer.contact_name.split_once(' ').unwrap_or((&customer.contact_name, ""));
    let texts = [
        ("email", Some(customer.email())),
        ("company", Some(customer.company.clone())),
        ("firstname", Some(first.to_owned())),
        ("lastname", Some(last.to_owned())),
        ("city", Some(customer.city.clone())),
        ("country", Some(customer.country.clone())),
        ("phone", customer.phone.clone()),
    ];
    let created_ms = CONTACTS_CREATED_MS.saturating_add_unsigned(id);
    Object {
        kind: Kind::Contact,
        id,
        created_ms,
        updated_ms: created_ms,
        contact: None,
        properties: texts
            .into_iter()
            .filter_map(|(name, text)| Some((name, Property::Text(text?))))
            .collect(),
    }
}

fn deal(order: &Order, contact: Option<u64>, company: &str) -> Object {
    // Many orders share a day; their ids, as milliseconds, put them in a strict order.
    let tick = |date: Date| midnight_ms(date).saturating_add_unsigned(order.id);
    let properties = deal_properties(DealParts {
        name: format!("{company} order {}", order.id),
        amount_ten_thousandths: order.amount_ten_thousandths,
        won: order.shipped.is_some(),
        close_ms: midnight_ms(order.shipped.unwrap_or(order.required_date)),
    });
    Object {
        kind: Kind::Deal,
        id: order.id,
        created_ms: tick(order.order_date),
        updated_ms: tick(order.shipped.unwrap_or(order.order_date)),
        contact,
        properties,
    }
}

struct DealParts {
    name: String,
    amount_ten_thousandths: i64,
    won: bool,
    close_ms: i64,
}

fn deal_properties(parts: DealParts) -> BTreeMap<&'static str, Property> {
    let text = |text: &str| Property::Text(text.to_owned());
    BTreeMap::from([
        ("dealname", Property::Text(parts.name)),
        ("amount", Property::Decimal(parts.amount_ten_thousandths)),
        ("deal_currency_code", text("EUR")),
        ("dealstage", text(if parts.won { WON } else { OPEN })),
        ("closedate", Property::Moment(parts.close_ms)),
        ("pipeline", text("default")),
    ])
}

fn midnight_ms(date: Date) -> i64 {
    let midnight = date.at(0, 0, 0, 0);
    Offset::UTC.to_timestamp(midnight).map_or(0, |moment| moment.as_millisecond())
}
