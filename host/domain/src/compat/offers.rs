//! What a connector offers: actions, whose inputs others send and whose outputs others read, and triggers.

use wit::{Action, Effect, Idempotency, Manifest, Trigger, TriggerKind};

use super::{Found, Kind, Reader, part, requests};

pub(super) fn compare(found: &mut Found, old: &Manifest, new: &Manifest) {
    for action in &old.actions {
        let place = format!("/actions/{}", part(&action.name));
        match new.actions.iter().find(|other| other.name == action.name) {
            Some(other) => action_changed(found, &place, action, other),
            None => found.add(Kind::Breaking, &place, "the action is gone"),
        }
    }
    for action in
        new.actions.iter().filter(|action| old.actions.iter().all(|other| other.name != action.name))
    {
        found.add(Kind::Additive, &format!("/actions/{}", part(&action.name)), "a new action");
    }
    for trigger in &old.triggers {
        let place = format!("/triggers/{}", part(&trigger.name));
        match new.triggers.iter().find(|other| other.name == trigger.name) {
            Some(other) => trigger_changed(found, &place, trigger, other),
            None => found.add(Kind::Breaking, &place, "the trigger is gone"),
        }
    }
    for trigger in new.triggers.iter().filter(|one| old.triggers.iter().all(|other| other.name != one.name)) {
        found.add(Kind::Additive, &format!("/triggers/{}", part(&trigger.name)), "a new trigger");
    }
}

fn action_changed(found: &mut Found, place: &str, old: &Action, new: &Action) {
    found.words(&format!("{place}/title"), &old.title, &new.title);
    match (old.effect, new.effect) {
        (Effect::Read, Effect::Write) => {
            found.add(Kind::Breaking, &format!("{place}/effect"), "it only read, and changes the remote now");
        }
        (Effect::Write, Effect::Read) => {
            found.add(
                Kind::Breaking,
                &format!("{place}/effect"),
                "it changed the remote, and only reads now",
            );
        }
        _ => {}
    }
    requests::needed(found, place, &old.scopes, &new.scopes);
    found.schemas(&format!("{place}/input"), &old.input, &new.input, Reader::Receives);
    found.schemas(&format!("{place}/output"), &old.output, &new.output, Reader::Gives);
    idempotency(found, &format!("{place}/idempotency"), old.idempotency.as_ref(), new.idempotency.as_ref());
    if old.examples != new.examples {
        found.add(Kind::Neutral, &format!("{place}/examples"), "other examples");
    }
}

fn idempotency(found: &mut Found, place: &str, old: Option<&Idempotency>, new: Option<&Idempotency>) {
    match (old, new) {
        (Some(_), None) => {
            found.add(
                Kind::Breaking,
                place,
                "a repeated attempt is not recognised any more: what is lost stays in doubt",
            );
        }
        (None, Some(_)) => found.add(Kind::Additive, place, "a repeated attempt is recognised now"),
        (Some(old), Some(new)) if old != new => found.add(
            Kind::Breaking,
            place,
            "cannot tell: an attempt of the old version that the new one repeats may be done twice",
        ),
        _ => {}
    }
}

fn trigger_changed(found: &mut Found, place: &str, old: &Trigger, new: &Trigger) {
    found.words(&format!("{place}/title"), &old.title, &new.title);
    let what = match (&old.kind, &new.kind) {
        (TriggerKind::Poll, TriggerKind::Webhook(_)) => Some("it was asked page by page, and is sent to now"),
        (TriggerKind::Webhook(_), TriggerKind::Poll) => Some("it was sent to, and is asked page by page now"),
        (TriggerKind::Webhook(old), TriggerKind::Webhook(new)) if old != new => {
            Some("webhooks are verified otherwise: hooks that are set up may be refused")
        }
        _ => None,
    };
    if let Some(what) = what {
        found.add(Kind::Breaking, &format!("{place}/kind"), what);
    }
    requests::needed(found, place, &old.scopes, &new.scopes);
    found.schemas(&format!("{place}/record"), &old.record, &new.record, Reader::Gives);
}
