//! A path template against a path, one a line: it covers what it says segment by segment, and never climbs.

use domain::egress::PathTemplate;

pub(super) fn run(bytes: &[u8]) {
    let Some(mut lines) = super::lines(bytes) else { return };
    let (Some(text), Some(path)) = (lines.next(), lines.next()) else { return };
    let Ok(template) = text.parse::<PathTemplate>() else { return };
    assert_eq!(template.to_string(), text, "a template is shown as it was written");
    assert_eq!(template.to_string().parse::<PathTemplate>().as_ref(), Ok(&template));
    let matches = template.matches(path);
    assert_eq!(matches, covers(text, path), "{text:?} and {path:?}");
    if matches {
        assert!(
            !path.split('/').any(|segment| matches!(segment, "." | "..")),
            "{text:?} lets {path:?} climb"
        );
    }
}

/// The same question, answered again in the plainest way.
fn covers(template: &str, path: &str) -> bool {
    let wanted: Vec<&str> = template.split('/').skip(1).collect();
    let given: Vec<&str> = path.split('/').skip(1).collect();
    if !path.starts_with('/') || given.iter().any(|part| *part == "." || *part == "..") {
        return false;
    }
    let rest = wanted.last().is_some_and(|last| last.ends_with("...}"));
    let exact = if rest { wanted.len() - 1 } else { wanted.len() };
    let length = if rest { given.len() > exact && !given[exact].is_empty() } else { given.len() == exact };
    length && wanted.iter().take(exact).zip(&given).all(|(wanted, given)| one(wanted, given))
}

fn one(wanted: &str, given: &str) -> bool {
    let (Some(open), Some(close)) = (wanted.find('{'), wanted.find('}')) else { return wanted == given };
    let (before, after) = (&wanted[..open], &wanted[close + 1..]);
    given.len() > before.len() + after.len() && given.starts_with(before) && given.ends_with(after)
}
