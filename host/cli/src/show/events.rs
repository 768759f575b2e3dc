//! Events, subscriptions and what was sent.

use comfy_table::{Attribute, Cell, Color};
use server::dto::{DeliveryWord, Event, EventDelivery, Page, Subscription, SubscriptionMade};

use super::{cell, count, fields, inert, json_line, or_none, table, word, yes_no};

pub(crate) fn list(page: &Page<Event>) -> String {
    let mut rows = table(["at", "type", "data"]);
    for event in &page.items {
        rows.add_row([cell(&event.at), cell(&event.kind), Cell::new(json_line(&event.data))]);
    }
    or_none(&rows, "nothing has happened that anybody is told of")
}

pub(crate) fn subscriptions(page: &Page<Subscription>) -> String {
    let mut rows = table(["name", "url", "types", "enabled", "failing since"]);
    for subscription in &page.items {
        rows.add_row([
            cell(&subscription.name),
            cell(&subscription.url),
            Cell::new(types(subscription)),
            yes_no(subscription.enabled),
            cell(subscription.failing_since.as_deref().unwrap_or_default()),
        ]);
    }
    or_none(&rows, "nobody is told; `lockgate events subscribe NAME --url URL` changes that")
}

pub(crate) fn subscription(subscription: &Subscription) -> String {
    let enabled = match &subscription.disabled_because {
        Some(why) => format!("no: {}", word(why)),
        None if subscription.enabled => "yes".to_owned(),
        None => "no".to_owned(),
    };
    let time = |at: &Option<String>| at.as_deref().map_or_else(|| "-".to_owned(), inert);
    fields(&[
        ("subscription", inert(&subscription.name)),
        ("url", inert(&subscription.url)),
        ("types", types(subscription)),
        ("enabled", enabled),
        ("failing since", time(&subscription.failing_since)),
        ("old secret until", time(&subscription.previous_secret_until)),
        ("changed", inert(&subscription.updated_at)),
    ])
}

pub(crate) fn made(made: &SubscriptionMade) -> String {
    let text = subscription(&made.subscription);
    format!("{text}\nThe secret that verifies its signatures, shown this once:\n{}", inert(&made.secret))
}

pub(crate) fn deliveries(page: &Page<EventDelivery>) -> String {
    let mut rows = table(["event", "type", "state", "at", "attempts", "last answer"]);
    for delivery in &page.items {
        let state = Cell::new(word(&delivery.state));
        let state = match delivery.state {
            DeliveryWord::Delivered => state.fg(Color::Green),
            DeliveryWord::Waiting => state.fg(Color::Cyan),
            DeliveryWord::Failed => state.fg(Color::Red).add_attribute(Attribute::Bold),
        };
        let answer = delivery.last.as_ref().map(|last| match (last.status, &last.error) {
            (Some(status), _) => status.to_string(),
            (None, Some(error)) => inert(error),
            (None, None) => String::new(),
        });
        rows.add_row([
            cell(&delivery.event),
            cell(&delivery.kind),
            state,
            cell(&delivery.at),
            count(u64::from(delivery.attempts)),
            Cell::new(answer.unwrap_or_default()),
        ]);
    }
    or_none(&rows, "nothing was sent yet")
}

fn types(subscription: &Subscription) -> String {
    if subscription.types.is_empty() { "all".to_owned() } else { inert(&subscription.types.join(", ")) }
}
