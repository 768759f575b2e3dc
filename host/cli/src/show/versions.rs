//! The difference between two versions of a connector, for whoever has to agree to it.

use server::dto::Diff;

use super::inert;

pub(crate) fn diff(diff: &Diff) -> String {
    let name = inert(&diff.from.name);
    let mut text = format!("{name} {} to {}\n", inert(&diff.from.version), inert(&diff.to.version));
    if diff.changes.is_empty() {
        text.push_str("  asks for the same\n");
    }
    for change in &diff.changes {
        let (direction, subject) = (change.direction.word(), change.subject.word());
        text.push_str(&format!("  {direction:<8} {subject} {}\n", inert(&change.name)));
        for line in &change.lines {
            text.push_str(&format!("             {}\n", inert(line)));
        }
    }
    text
}
