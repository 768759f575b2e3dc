//! Flows: from where, through what, to where, and when.

use server::dto::{Flow, FlowUpdated, Order, Page, Schedule};

use super::{cell, fields, inert, json_line, or_none, table, yes_no};

pub(crate) fn list(page: &Page<Flow>) -> String {
    let mut rows = table(["name", "from", "mapped", "to", "every", "enabled"]);
    for flow in &page.items {
        rows.add_row([
            cell(&flow.name),
            cell(&from(flow)),
            yes_no(flow.mapping.is_some()),
            cell(&to(flow)),
            cell(&every(flow)),
            yes_no(flow.enabled),
        ]);
    }
    or_none(&rows, "no flows; `lockgate flows create --help` shows how to make one")
}

pub(crate) fn one(flow: &Flow) -> String {
    let retry = &flow.delivery.retry;
    let attempts = match retry.schedule_ms.len() {
        0 => format!("{} attempts each", retry.attempts_max),
        waits => format!("{} attempts each by its schedule", waits + 1),
    };
    let mut text = fields(&[
        ("flow", inert(&flow.name)),
        ("from", inert(&from(flow))),
        ("to", inert(&to(flow))),
        ("every", every(flow)),
        ("enabled", if flow.enabled { "yes" } else { "no" }.to_owned()),
        ("delivery", format!("{} records a call, {attempts}", flow.delivery.batch)),
        ("order", order(flow)),
        ("created", inert(&flow.created_at)),
        ("version", flow.version.to_string()),
    ]);
    if let Some(standing) = &flow.standing {
        if !standing.next_times.is_empty() {
            text.push_str(&format!("next times  {}\n", inert(&standing.next_times.join(", "))));
        }
        if let Some(paused) = &standing.paused {
            text.push_str(&format!(
                "\nIt stands still since {} at the record {}\n{}: {}\nnext: lockgate flows resume {}\n",
                inert(&paused.at),
                inert(&paused.key),
                inert(&paused.reason.code),
                inert(&paused.reason.message),
                inert(&flow.name)
            ));
        }
    }
    if let Some(mapping) = &flow.mapping {
        text.push_str("\nEach record becomes an input by this jq program:\n");
        for line in mapping.jq.lines() {
            text.push_str(&format!("  {}\n", inert(line)));
        }
    }
    text
}

/// What an update has changed.
pub(crate) fn updated(updated: &FlowUpdated) -> String {
    let flow = &updated.flow;
    if updated.changes.is_empty() {
        return format!("nothing differs; {} stays in version {}\n", inert(&flow.name), flow.version);
    }
    let mut text = format!("{} is now in version {}\n", inert(&flow.name), flow.version);
    for change in &updated.changes {
        let shown =
            |value: &Option<serde_json::Value>| value.as_ref().map_or("nothing".to_owned(), json_line);
        let (field, from, to) = (inert(&change.field), shown(&change.from), shown(&change.to));
        text.push_str(&format!("  {field}: {from} -> {to}\n"));
    }
    text.push_str("runs that are open end with the version that they began with\n");
    text
}

fn order(flow: &Flow) -> String {
    let delivery = &flow.delivery;
    let order = match (&delivery.order, &delivery.order_key) {
        (Order::None, _) => "none".to_owned(),
        (Order::PerKey, Some(pointer)) => format!("per key, at {}", inert(pointer)),
        (Order::PerKey, None) => "per key of the record".to_owned(),
        (Order::Strict, _) => "strict, one at a time".to_owned(),
    };
    format!("{order}; {} calls at once; spent: {}", delivery.parallel, delivery.on_spent.word())
}

fn from(flow: &Flow) -> String {
    format!("{}:{}", flow.source.profile, flow.source.trigger)
}

fn to(flow: &Flow) -> String {
    format!("{}:{}", flow.destination.profile, flow.destination.action)
}

fn every(flow: &Flow) -> String {
    match &flow.schedule {
        None => "on demand".to_owned(),
        Some(Schedule { every_ms: Some(every_ms), .. }) => duration(*every_ms),
        Some(Schedule { cron, zone, .. }) => {
            format!(
                "{} {}",
                cron.as_deref().map_or_else(String::new, inert),
                zone.as_deref().map_or_else(String::new, inert)
            )
        }
    }
}

/// In the largest unit that leaves no rest.
fn duration(ms: u64) -> String {
    let units = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s")];
    match units.into_iter().find(|(unit_ms, _)| ms > 0 && ms.is_multiple_of(*unit_ms)) {
        Some((unit_ms, unit)) => format!("{}{unit}", ms / unit_ms),
        None => format!("{ms}ms"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_shown_as_it_is_written() {
        for (ms, text) in [(60_000, "1m"), (90_000, "90s"), (1_500, "1500ms"), (86_400_000, "1d"), (0, "0ms")]
        {
            assert_eq!(duration(ms), text);
        }
    }
}
