//! Profiles: status, and what was requested beside what was granted.

use comfy_table::{Attribute, Cell, Color};
use server::dto::{
    CredentialAge, CredentialLife, Page, Profile, ProfileSummary, StatusReason, Tally, UpdateState,
};

use super::{cell, count, fields, inert, json_line, or_none, section, status_cell, table, yes_no};

pub(crate) fn list(page: &Page<ProfileSummary>) -> String {
    let mut rows = table(["name", "connector", "status", "reason", "since", "credential", "hosts", "scopes"]);
    for profile in &page.items {
        rows.add_row([
            cell(&profile.name),
            cell(&format!("{}@{}", profile.connector.name, profile.connector.version)),
            status_cell(profile.status),
            Cell::new(profile.reason.map(StatusReason::word).unwrap_or_default()),
            cell(&profile.since),
            credential_cell(profile.credential_set, profile.credential.as_ref()),
            count(profile.hosts.len() as u64),
            count(profile.scopes.len() as u64),
        ]);
    }
    or_none(&rows, "no profiles; `lockgate profiles create NAME --connector CONNECTOR` makes one")
}

/// What is known of a token, and why it no longer works.
fn token(profile: &Profile) -> String {
    let known = &profile.authorisation;
    let mut text = match (&known.token_obtained_at, &known.token_expires_at) {
        (None, _) => "-".to_owned(),
        (Some(at), None) => format!("since {}", inert(at)),
        (Some(at), Some(until)) => format!("since {}, renewed before {}", inert(at), inert(until)),
    };
    if let Some(problem) = &known.problem {
        let code = known.problem_code.as_deref().unwrap_or_default();
        text.push_str(&format!("; {} ({}): connect it again", inert(problem), inert(code)));
    }
    text
}

pub(crate) fn one(profile: &Profile) -> String {
    let auth = match &profile.auth {
        None => "none needed".to_owned(),
        Some(auth) => {
            let user = auth.user.as_deref().map(|user| format!(" as {}", inert(user))).unwrap_or_default();
            let credential = if profile.credential_set { "set" } else { "NOT SET" };
            let parts: Vec<_> = auth.parts.iter().map(|part| inert(&part.name)).collect();
            let parts = if parts.is_empty() { String::new() } else { format!(" of {}", parts.join(", ")) };
            format!("{}{user}; credential{parts} {credential}", inert(&auth.kind))
        }
    };
    let mut text = fields(&[
        ("profile", inert(&profile.name)),
        ("connector", inert(&format!("{}@{}", profile.connector.name, profile.connector.version))),
        ("status", format!("{}{}", profile.status.word(), why(profile))),
        ("since", inert(&profile.since)),
        ("auth", auth),
        ("credential", credential(profile.credential.as_ref())),
        ("token", token(profile)),
        ("rate", rate(profile)),
        ("leaves from", profile.egress_address.as_deref().map_or_else(|| "any address".to_owned(), inert)),
        (
            "log keeps",
            if profile.tracing.log_bodies { "beginnings of bodies" } else { "no bodies" }.to_owned(),
        ),
        ("sends", if profile.tracing.send_correlation { "its trace" } else { "no trace" }.to_owned()),
        ("update", update(profile)),
        ("canary", canary(profile)),
        ("config", json_line(&profile.config)),
        ("granted", profile.granted_at.as_deref().map_or_else(|| "never".to_owned(), inert)),
        ("changed", inert(&profile.updated_at)),
    ]);
    let mut hosts = table(["host", "requested", "granted"]);
    for right in &profile.hosts {
        hosts.add_row([cell(&right.host), yes_no(right.requested), yes_no(right.granted)]);
    }
    text.push_str(&section("It reaches what is both requested and granted:", &hosts));
    let mut scopes = table(["scope", "requested", "granted", "lets it"]);
    for right in &profile.scopes {
        scopes.add_row([
            cell(&right.scope),
            yes_no(right.requested),
            yes_no(right.granted),
            cell(&right.title),
        ]);
    }
    text.push_str(&section("and does there:", &scopes));
    let mut secrets = table(["secret", "set"]);
    for secret in &profile.secrets {
        secrets.add_row([cell(&secret.name), yes_no(secret.set)]);
    }
    text.push_str(&section("It uses these secrets by handle:", &secrets));
    let mut outcomes = table(["at", "outcome", "blame"]);
    for outcome in &profile.outcomes {
        let blame = outcome.blame.map(|blame| blame.word()).unwrap_or_default();
        let code = outcome.code.as_deref().unwrap_or("failed");
        let how = if outcome.ok {
            Cell::new("ok").fg(Color::Green)
        } else {
            cell(code).fg(Color::Red).add_attribute(Attribute::Bold)
        };
        outcomes.add_row([cell(&outcome.at), how, Cell::new(blame)]);
    }
    text.push_str(&section("The last calls:", &outcomes));
    let mut history = table(["at", "from", "to", "reason"]);
    for change in &profile.history {
        let reason = change.reason.map(StatusReason::word).unwrap_or_default();
        history.add_row([
            cell(&change.at),
            Cell::new(change.old.word()),
            status_cell(change.new),
            Cell::new(reason),
        ]);
    }
    text.push_str(&section("Its status changed:", &history));
    text
}

fn credential(life: Option<&CredentialLife>) -> String {
    let Some(life) = life else { return "-".to_owned() };
    let end = match &life.expires_at {
        Some(at) => format!("ends {}", inert(at)),
        None => "no known end".to_owned(),
    };
    let due = if life.age == CredentialAge::Fresh { "" } else { ": REPLACE IT" };
    let (version, rotate_at) = (life.version, inert(&life.rotate_at));
    format!("number {version} of {}; {end}; to be replaced by {rotate_at}{due}", inert(&life.created_at))
}

fn credential_cell(set: bool, life: Option<&CredentialLife>) -> Cell {
    match life.map(|life| life.age) {
        _ if !set => Cell::new("-"),
        None => Cell::new("set"),
        Some(CredentialAge::Fresh) => Cell::new("fresh").fg(Color::Green),
        Some(CredentialAge::Due) => Cell::new("due").fg(Color::Yellow),
        Some(CredentialAge::Overdue) => Cell::new("overdue").fg(Color::Red).add_attribute(Attribute::Bold),
    }
}

/// What stands ready, and the command for it.
fn update(profile: &Profile) -> String {
    let Some(update) = &profile.update else { return "none".to_owned() };
    let (name, version) = (inert(&profile.name), inert(&update.version));
    match update.state {
        UpdateState::Ready => format!("{version}: lockgate profiles upgrade {name} {version}"),
        UpdateState::PendingConsent => {
            format!("{version}, pending consent: lockgate profiles diff {name} {version}")
        }
        UpdateState::DoesNotFit => {
            format!("{version} does not fit: {}", inert(update.reason.as_deref().unwrap_or_default()))
        }
    }
}

/// How the version that is tried fares, or what became of it.
fn canary(profile: &Profile) -> String {
    let Some(canary) = &profile.canary else { return "none".to_owned() };
    let tally = |tally: Tally| format!("{} of {} failed", tally.failures, tally.tries);
    let state = match (&canary.percent, &canary.rolled_back_at) {
        (Some(percent), _) => format!("gets {percent} %"),
        (None, Some(at)) => format!("ROLLED BACK at {}", inert(at)),
        (None, None) => "trial over".to_owned(),
    };
    let (version, since) = (inert(&canary.version), inert(&canary.since));
    let (tried, in_use) = (tally(canary.tried), tally(canary.in_use));
    format!("{version} {state}: {tried}, {in_use} with the version in use, since {since}")
}

fn rate(profile: &Profile) -> String {
    match profile.rate {
        None => "the connector's own".to_owned(),
        Some(rate) => format!("{} requests a second, {} at once after a pause", rate.per_second, rate.burst),
    }
}

/// What is missing, where something is.
fn why(profile: &Profile) -> String {
    let mut missing = Vec::new();
    if profile.auth.is_some() && !profile.credential_set {
        missing.push("no credential");
    }
    let asks = profile.hosts.iter().any(|right| right.requested);
    if asks && !profile.hosts.iter().any(|right| right.granted) {
        missing.push("no host granted");
    }
    let quarantined =
        profile.quarantined_until.as_deref().map(|until| format!("quarantined until {}", inert(until)));
    let backoff =
        profile.backoff_until.as_deref().map(|until| format!("refused, tried again at {}", inert(until)));
    let reason = profile.reason.map(StatusReason::word);
    if missing.is_empty() && profile.outcomes.is_empty() {
        missing.push("never checked");
    }
    if missing.is_empty() {
        missing.extend(reason.as_deref());
    }
    missing.extend(quarantined.as_deref());
    missing.extend(backoff.as_deref());
    let circuit = profile.circuit_open_until.as_deref();
    let circuit = circuit.map(|until| format!("its remote is down; asked again at {}", inert(until)));
    missing.extend(circuit.as_deref());
    if profile.enabled && !missing.is_empty() { format!(" ({})", missing.join(", ")) } else { String::new() }
}
