//! Replays of many dead letters: what they would send, and how far they are.

use server::dto::{JobState, Page, ReplayJob, ReplayPlan};

use super::{cell, count, dead_letters, fields, inert, or_none, section, table};

pub(crate) fn plan(plan: &ReplayPlan) -> String {
    let more = if plan.more { " at least; there are too many to count them all" } else { "" };
    let mut text = match (&plan.job, plan.count) {
        (_, 0) if plan.job.is_none() => return "no parked dead letter fits".to_owned(),
        (None, count) => format!("would send {count} dead letters{more}; nothing was sent\n"),
        (Some(_), count) => format!("{count} dead letters{more}\n"),
    };
    text.push_str(&section("The first of them, oldest first:", &dead_letters::rows(&plan.first)));
    if let Some(job) = &plan.job {
        text.push_str(&format!("\n{}", one(job)));
    }
    text
}

pub(crate) fn progress(job: &ReplayJob) -> String {
    format!("{} sent, {} refused", job.replayed, job.refused)
}

pub(crate) fn list(page: &Page<ReplayJob>) -> String {
    let mut rows = table(["job", "state", "flow", "sent", "refused", "a second", "as new", "by", "started"]);
    for job in &page.items {
        rows.add_row([
            cell(&job.id),
            cell(&job.state.word()),
            cell(job.flow.as_deref().unwrap_or("(all)")),
            count(job.replayed),
            count(job.refused),
            count(job.per_second.into()),
            cell(if job.as_new { "yes" } else { "no" }),
            cell(&job.by),
            cell(&job.created_at),
        ]);
    }
    or_none(&rows, "nobody has replayed many at once; `lockgate dead-letters replay-all` does")
}

pub(crate) fn one(job: &ReplayJob) -> String {
    let text = |text: &Option<String>| text.as_deref().map_or_else(|| "-".to_owned(), inert);
    let keys = if job.as_new { "new ones: each is another record to the remote" } else { "the old ones" };
    let mut shown = fields(&[
        ("job", inert(&job.id)),
        ("state", job.state.word()),
        ("flow", job.flow.as_deref().map_or_else(|| "(all)".to_owned(), inert)),
        ("letters a second", job.per_second.to_string()),
        ("idempotency keys", keys.to_owned()),
        ("sent", job.replayed.to_string()),
        ("refused", job.refused.to_string()),
        ("last refusal", text(&job.last_refusal)),
        ("by", inert(&job.by)),
        ("started", inert(&job.created_at)),
        ("ended", text(&job.ended_at)),
    ]);
    if matches!(job.state, JobState::Running) {
        let id = inert(&job.id);
        shown.push_str(&format!("\nnext: lockgate dead-letters jobs show {id}\n"));
    }
    shown
}
