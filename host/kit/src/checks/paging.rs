//! Checks of pages: reading them ends, leaves nothing out, brings nothing twice, and goes on from every cursor.

use std::collections::BTreeSet;

use lockgate_testing::file::{Call, Test};
use lockgate_testing::{Outcome, Vendor};
use serde_json::Value;

use crate::material::{Material, Target, told, unlimited};
use crate::report::Verdict;
use crate::stand::Ran;

/// Beyond what any list of a test has.
const PAGES_MAX: u32 = 200;
/// Cursors from which reading is begun again.
const RESUMED_MAX: usize = 8;

/// A walk through all pages of a test.
struct Walk<'a> {
    test: &'a Test,
    trigger: &'a str,
    ran: Ran,
}

async fn walk(material: &Material<'_>, test: &Test, cursor: Option<Value>) -> Option<Ran> {
    let call = Call { pages: Some(PAGES_MAX), cursor, ..test.call.clone() };
    let target = Target {
        what: format!("the trigger {}", call.poll.as_deref().unwrap_or_default()),
        profile: test.profile.clone(),
        call,
        exchanges: Vec::new(),
        is_poll: true,
    };
    material.run(&target, Vendor::new(unlimited(&test.exchanges))).await.ok()
}

/// The walks that have more than one page, by the tests that begin at the beginning.
async fn walks<'a>(material: &'a Material<'_>) -> Vec<Walk<'a>> {
    let mut walks = Vec::new();
    for trigger in material.polls() {
        for test in material.good_poll(trigger) {
            if let Some(ran) = walk(material, test, test.call.cursor.clone()).await
                && (ran.pages.len() > 1 || !matches!(ran.outcome, Outcome::Page { more: false, .. }))
            {
                walks.push(Walk { test, trigger: &trigger.name, ran });
            }
        }
    }
    walks
}

/// The walks that came to an end: what they brought can be judged.
async fn ended_walks<'a>(material: &'a Material<'_>) -> Vec<Walk<'a>> {
    let mut walks = walks(material).await;
    walks.retain(|walk| matches!(walk.ran.outcome, Outcome::Page { more: false, .. }));
    walks
}

fn nothing_to_judge(material: &Material<'_>, name: &str) -> Verdict {
    match material.polls().next() {
        None => Verdict::skipped(name, "the connector has no trigger that is polled"),
        Some(trigger) => Verdict::skipped(
            name,
            format!(
                "no test reads two pages of {}; add one with `call: {{poll: {}, pages: 10}}` and a reply with a `list` \
                 of more items than its `size`",
                trigger.name, trigger.name
            ),
        ),
    }
}

pub(super) async fn ends(material: &Material<'_>) -> Verdict {
    let name = "poll.ends";
    let walks = walks(material).await;
    if walks.is_empty() {
        return nothing_to_judge(material, name);
    }
    let mut messages = Vec::new();
    for Walk { test, trigger, ran } in &walks {
        let of = format!("{trigger}, in the test {:?}", test.name);
        match &ran.outcome {
            Outcome::Page { more: false, .. } => {}
            Outcome::Page { .. } => {
                let stays = ran.cursors.windows(2).any(|pair| pair.first() == pair.get(1));
                let why = if stays { "the cursor did not move" } else { "`more` was always true" };
                messages.push(format!(
                    "{of}: after {PAGES_MAX} pages there was still more, and {why}; say `more: false` on the last page, and \
                     give the cursor of the page behind"
                ));
            }
            outcome => messages.push(format!("{of}: {} on page {}", told(outcome), ran.pages.len() + 1)),
        }
        if ran.cursors.iter().any(Option::is_none) {
            messages.push(format!(
                "{of}: a page said that there is more and gave no cursor, so that the next one begins at the beginning"
            ));
        }
    }
    Verdict::of(name, messages)
}

pub(super) async fn complete(material: &Material<'_>) -> Verdict {
    let name = "poll.complete";
    let walks = ended_walks(material).await;
    if walks.is_empty() {
        return nothing_to_judge(material, name);
    }
    let mut messages = Vec::new();
    for Walk { test, trigger, ran } in &walks {
        let of = format!("{trigger}, in the test {:?}", test.name);
        let keys: Vec<&String> = ran.pages.iter().flatten().collect();
        let mut met = BTreeSet::new();
        if let Some(twice) = keys.iter().find(|key| !met.insert(key.as_str())) {
            messages.push(format!(
                "{of}: the record {twice:?} came twice; begin each page behind the last record"
            ));
        }
        // Where one list is read and the test does not say how much of it is brought, all of it is.
        let lists: Vec<usize> = test
            .exchanges
            .iter()
            .filter_map(|exchange| exchange.reply.list.as_ref().map(|list| list.items.len()))
            .collect();
        let expected = test.expect.count.or(test.expect.records.as_ref().map(Vec::len));
        let expected = expected.or(if let [one] = lists.as_slice() { Some(*one) } else { None });
        if let Some(expected) = expected.filter(|expected| met.len() < *expected) {
            messages.push(format!(
                "{of}: {} records came on {} pages, and the vendor has {expected}; if some are left out on purpose, say \
                 how many come in `expect.count`",
                met.len(),
                ran.pages.len()
            ));
        }
    }
    Verdict::of(name, messages)
}

pub(super) async fn resumes(material: &Material<'_>) -> Verdict {
    let name = "poll.resumes";
    let walks = ended_walks(material).await;
    if walks.is_empty() {
        return nothing_to_judge(material, name);
    }
    let mut messages = Vec::new();
    for Walk { test, trigger, ran } in &walks {
        for (at, cursor) in ran.cursors.iter().enumerate().take(RESUMED_MAX) {
            let Some(again) = walk(material, test, cursor.clone()).await else { continue };
            let rest: Vec<&String> = ran.pages.iter().skip(at + 1).flatten().collect();
            let found: Vec<&String> = again.pages.iter().flatten().collect();
            if rest != found {
                messages.push(format!(
                    "{trigger}, in the test {:?}: from the cursor of page {} on came {} records, where {} lie behind it; \
                     everything that the next page needs is in the cursor",
                    test.name,
                    at + 1,
                    found.len(),
                    rest.len()
                ));
            }
        }
    }
    Verdict::of(name, messages)
}
