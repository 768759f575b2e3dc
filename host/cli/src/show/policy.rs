//! Verdicts, and proposals as commands that can be copied.

use comfy_table::{Attribute, Cell, Color};
use server::dto::{Explanation, Proposal, Tried, VerdictWord};

use super::{cell, count, fields, inert, section, table, yes_no};

pub(crate) fn explanation(explanation: &Explanation) -> String {
    let mut rows = table(["gate", "verdict", "because"]);
    for verdict in &explanation.verdicts {
        let word = match verdict.verdict {
            VerdictWord::Passed => Cell::new("passed").fg(Color::Green),
            VerdictWord::Denied => Cell::new("DENIED").fg(Color::Red).add_attribute(Attribute::Bold),
            VerdictWord::NotReached => Cell::new("not reached").add_attribute(Attribute::Dim),
        };
        rows.add_row([Cell::new(verdict.gate.word()), word, cell(&verdict.detail)]);
    }
    let mut text = format!("{}\n", rows.trim_fmt());
    let remedies =
        explanation.verdicts.iter().filter_map(|verdict| Some((verdict.gate, verdict.remedy.as_ref()?)));
    let remedies: String =
        remedies.map(|(gate, remedy)| format!("  {}: {}\n", gate.word(), inert(remedy))).collect();
    match &explanation.denial {
        None => text.push_str("\nallowed\n"),
        Some(denial) => {
            text.push_str(&format!(
                "\ndenied at the {} gate. What would change it:\n{remedies}",
                denial.gate.word()
            ));
        }
    }
    if let Some(unready) = &explanation.unready {
        text.push_str(&format!("\nbut no call is made at all now: {}\n", inert(unready)));
    }
    text
}

pub(crate) fn observing(name: &str, proposal: &Proposal) -> String {
    let state = if proposal.observing { "is being observed" } else { "is not being observed" };
    fields(&[
        ("profile", format!("{} {state}", inert(name))),
        ("since", inert(&proposal.since)),
        ("until", inert(&proposal.until)),
        ("shapes", format!("{} of requests so far", proposal.tried.len())),
    ])
}

pub(crate) fn proposal(name: &str, proposal: &Proposal) -> String {
    let mut text = observing(name, proposal);
    let mut needed = table(["needed", "granted"]);
    for host in &proposal.hosts {
        needed.add_row([cell(&host.host), yes_no(host.granted)]);
    }
    for scope in &proposal.scopes {
        needed.add_row([cell(&scope.scope), yes_no(scope.granted)]);
    }
    text.push_str(&section("The least that covers what was tried:", &needed));
    let hosts = proposal.hosts.iter().filter(|right| !right.granted).map(|right| &right.host);
    let scopes = proposal.scopes.iter().filter(|right| !right.granted).map(|right| &right.scope);
    text.push_str(&order(name, "grant", hosts, scopes));
    text.push_str(&order(name, "revoke", proposal.unused_hosts.iter(), proposal.unused_scopes.iter()));
    text.push_str(&tried(
        "No host or scope of its manifest covers these; a new version would have to ask:",
        &proposal.uncovered,
    ));
    text.push_str(&tried("No grant lets these through:", &proposal.refused));
    if proposal.more > 0 {
        text.push_str(&format!(
            "\n{} more requests were only counted: this may lack something\n",
            proposal.more
        ));
    }
    if proposal.tried.is_empty() {
        text.push_str("\nnothing was tried yet\n");
    }
    text
}

/// The command that would do it, on one line to be copied.
fn order<'a>(
    name: &str,
    verb: &str,
    hosts: impl Iterator<Item = &'a String>,
    scopes: impl Iterator<Item = &'a String>,
) -> String {
    let hosts = hosts.map(|host| format!(" --host {}", inert(host)));
    let rights: String = hosts.chain(scopes.map(|scope| format!(" --scope {}", inert(scope)))).collect();
    let what = if verb == "grant" {
        "To grant what is missing:"
    } else {
        "Granted, and used by nothing that was tried:"
    };
    if rights.is_empty() {
        String::new()
    } else {
        format!("\n{what}\n  lockgate profiles {verb} {}{rights}\n", inert(name))
    }
}

fn tried(title: &str, rows: &[Tried]) -> String {
    let mut shown = table(["method", "url", "allowed", "denied", "gate"]);
    for row in rows {
        shown.add_row([
            cell(&row.method),
            cell(&format!("{}{}", row.origin, row.path)),
            count(row.allowed),
            count(row.denied),
            Cell::new(row.gate.map(|gate| gate.word()).unwrap_or_default()),
        ]);
    }
    section(title, &shown)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_explanation_ends_with_the_lines_that_would_change_it() {
        let explanation: Explanation = serde_json::from_value(json!({
            "allowed": false,
            "denial": {"gate": "hosts", "reason": "no", "remedy": "grant it"},
            "verdicts": [
                {"gate": "ceiling", "verdict": "passed", "detail": "ceiling.hosts has https://*"},
                {"gate": "hosts", "verdict": "denied", "detail": "not granted\u{1b}[2J", "remedy": "grant the host"},
                {"gate": "scope", "verdict": "denied", "detail": "not granted", "remedy": "grant the scope"},
                {"gate": "address", "verdict": "not_reached", "detail": "an earlier gate refused"},
            ],
            "unready": "the profile acme is disabled",
        }))
        .unwrap();
        let text = super::explanation(&explanation);
        assert!(text.contains("denied at the hosts gate. What would change it:\n  hosts: grant the host\n  scope: grant the scope"), "{text}");
        assert!(text.contains("no call is made at all now: the profile acme is disabled"), "{text}");
        assert!(!text.contains('\u{1b}'), "{text:?}");
    }

    #[test]
    fn a_proposal_is_two_commands() {
        let tried = json!({
            "method": "DELETE", "origin": "https://a.example", "path": "/x/{id}", "scopes": [], "allowed": 0,
            "denied": 3, "gate": "scope", "first_at": "-", "last_at": "-",
        });
        let proposal: Proposal = serde_json::from_value(json!({
            "observing": true, "since": "-", "until": "-", "tried": [tried], "uncovered": [tried], "refused": [], "more": 2,
            "hosts": [{"host": "https://a.example", "granted": true}],
            "scopes": [{"scope": "x:read", "granted": false}],
            "unused_hosts": ["https://b.example"], "unused_scopes": ["x:write"],
        }))
        .unwrap();
        let text = super::proposal("acme", &proposal);
        assert!(text.contains("\n  lockgate profiles grant acme --scope x:read\n"), "{text}");
        assert!(
            text.contains("\n  lockgate profiles revoke acme --host https://b.example --scope x:write\n"),
            "{text}"
        );
        assert!(text.contains("https://a.example/x/{id}") && text.contains("2 more requests"), "{text}");
    }
}
