//! The files: a table of operations, the manifest, a README, and the templates that do the work.

mod cases;
mod readme;

use std::fmt::Write as _;

use wit::{Example, Manifest};

pub(crate) use self::cases::{Sample, samples};
use crate::body::Media;
use crate::operation::Operation;
use crate::pages::{By, Pages};
use crate::parameters::{Param, Place, Style};
use crate::project::{File, Note};

/// As in `rustfmt.toml`, below.
const LINE_CHARS_MAX: usize = 110;
const RUSTFMT: &str = "max_width = 110\nuse_small_heuristics = \"Max\"\n";
/// Operations that `check` may use; one whose scopes are granted is enough.
const CHECKS_MAX: usize = 8;
/// An example is there to be read.
const EXAMPLE_BYTES_MAX: usize = 600;
/// One that needs more is granted less often.
const SCOPES_CHARS_MAX: usize = 90;

pub(crate) fn files(
    manifest: &Manifest,
    operations: &[Operation],
    pages: &[Option<Pages>],
    samples: &[Option<Sample>],
    notes: &[Note],
) -> Vec<File> {
    let file = |path: &str, text: &str| File { path: path.to_owned(), text: text.to_owned() };
    // A manifest is made of JSON's own kinds of value.
    let described = serde_json::to_string_pretty(manifest).unwrap_or_default();
    let check = checks(operations).next().map(|operation| operation.action.as_str());
    let mut files = cases::files(manifest, operations, pages, samples, check);
    files.extend([
        file("README.md", &readme::of(manifest, operations, notes)),
        file("rustfmt.toml", RUSTFMT),
        file("src/answer.rs", include_str!("../templates/answer.rs")),
        file("src/lib.rs", include_str!("../templates/lib.rs")),
        file("src/manifest.json", &format!("{described}\n")),
        file("src/operation.rs", include_str!("../templates/operation.rs")),
        file("src/operations.rs", &table(manifest, operations, pages)),
        file("src/pages.rs", include_str!("../templates/pages.rs")),
        file("src/request.rs", include_str!("../templates/request.rs")),
        file("src/tests.rs", include_str!("../templates/tests.rs")),
    ]);
    files
}

/// The same with an example of each action, as far as there is room.
pub(crate) fn with_examples(
    mut manifest: Manifest,
    samples: &[Option<Sample>],
    bytes_max: usize,
) -> Manifest {
    let mut bytes = serde_json::to_string(&manifest).map_or(usize::MAX, |text| text.len());
    for (action, sample) in manifest.actions.iter_mut().zip(samples) {
        let Some(Sample { input, output, .. }) = sample.clone() else { continue };
        let example = Example { input, output };
        let more = serde_json::to_string(&example).map_or(usize::MAX, |text| text.len());
        if more <= EXAMPLE_BYTES_MAX && bytes.saturating_add(more) <= bytes_max {
            bytes += more + ",\"examples\":[]".len();
            action.examples.push(example);
        }
    }
    manifest
}

/// Operations that show whether a credential works.
fn checks(operations: &[Operation]) -> impl Iterator<Item = &Operation> {
    operations.iter().filter(|operation| operation.method == "GET" && operation.needs_nothing())
}

const PAGES: &str = "pub const PAGES: &[Pages] = &[";

/// `operations.rs`.
fn table(manifest: &Manifest, operations: &[Operation], pages: &[Option<Pages>]) -> String {
    let entries: Vec<String> = operations.iter().map(entry).collect();
    // As many as the manifest has.
    let lists: Vec<(&Operation, &Pages)> = operations
        .iter()
        .zip(pages)
        .filter_map(|(operation, pages)| Some((operation, pages.as_ref()?)))
        .take(manifest.triggers.len())
        .collect();
    let mut code = String::from("//! What differs from one operation of the API to the next.\n\n");
    let functions =
        [Place::Path, Place::Query, Place::Header].map(|place| (constructor(place), used(operations, place)));
    let mut names: Vec<&str> = vec!["Answer", "Body", "Operation"];
    if entries.iter().any(|entry| entry.contains("Style::")) {
        names.push("Style");
    }
    names.extend(functions.iter().filter(|(_, used)| *used).map(|(name, _)| *name));
    // In the order of rustfmt: types, then functions, each by name.
    names.sort_by_key(|name| (name.starts_with(|c: char| c.is_lowercase()), *name));
    let _ = writeln!(code, "use crate::operation::{{{}}};", names.join(", "));
    let used_by = if lists.is_empty() { "Pages" } else { "{By, Pages}" };
    let _ = writeln!(code, "use crate::pages::{used_by};\n");
    let _ = writeln!(code, "/// In the order of the manifest's actions.");
    let _ = writeln!(code, "{}\n", field("pub const OPERATIONS: &[Operation] = &[", &entries, "];", 0));
    // A list by itself stands in the line of the constant, if it stands in one line at all.
    let margin = if lists.len() == 1 { PAGES.len() + 2 } else { 5 };
    let lists: Vec<String> = lists.iter().map(|(operation, pages)| list(operation, pages, margin)).collect();
    let _ = writeln!(code, "/// Lists that are read page by page, in the order of the manifest's triggers.");
    let _ = writeln!(code, "{}", field(PAGES, &lists, "];", 0));
    let scopes = |operation: &Operation| {
        let action = manifest.actions.iter().find(|action| action.name == operation.action);
        action.map(|action| action.scopes.as_slice()).unwrap_or_default()
    };
    let checks: Vec<String> = checks(operations)
        .map(|operation| (format!("{:?}", operation.action), format!("&{:?}", scopes(operation))))
        .filter(|(_, scopes)| scopes.len() <= SCOPES_CHARS_MAX)
        .take(CHECKS_MAX)
        .map(|(action, scopes)| {
            if action.len() + scopes.len() + "    (, ),".len() <= LINE_CHARS_MAX {
                format!("({action}, {scopes})")
            } else {
                format!("(\n        {action},\n        {scopes},\n    )")
            }
        })
        .collect();
    let _ = writeln!(
        code,
        "\n/// Operations that show whether the credential works, with the scopes that each needs."
    );
    let _ = writeln!(code, "{}", field("pub const CHECKS: &[(&str, &[&str])] = &[", &checks, "];", 0));
    code
}

fn used(operations: &[Operation], place: Place) -> bool {
    operations.iter().flat_map(|operation| &operation.params).any(|param| param.place == place)
}

fn entry(operation: &Operation) -> String {
    let params: Vec<String> = operation.params.iter().map(param).collect();
    let server = format!("{}{}", operation.server.host, operation.server.base);
    let mut entry = String::from("Operation {\n");
    let _ = writeln!(entry, "        action: {:?},", operation.action);
    let _ = writeln!(entry, "        method: {:?},", operation.method);
    let _ = writeln!(entry, "        server: {server:?},");
    let _ = writeln!(entry, "        path: {:?},", operation.path);
    let _ = writeln!(entry, "{}", field("params: &[", &params, "],", 8));
    let _ = writeln!(entry, "{}", body(&operation.body.media));
    let answer = match &operation.answer.media {
        Media::Json(media) => format!("Answer::Json({media:?})"),
        Media::Text(media) => format!("Answer::Text({media:?})"),
        Media::Nothing | Media::Form(_) => "Answer::Nothing".to_owned(),
    };
    let _ = writeln!(entry, "        answer: {answer},");
    let _ = writeln!(entry, "        idempotency: {:?},", operation.idempotency);
    entry.push_str("    }");
    entry
}

fn body(media: &Media) -> String {
    match media {
        Media::Nothing => "        body: Body::Nothing,".to_owned(),
        Media::Json(media) => format!("        body: Body::Json({media:?}),"),
        Media::Text(media) => format!("        body: Body::Text({media:?}),"),
        Media::Form(styles) => {
            let styles: Vec<String> =
                styles.iter().map(|(name, style)| format!("({name:?}, {})", spelled(*style))).collect();
            field("body: Body::Form(&[", &styles, "]),", 8)
        }
    }
}

fn constructor(place: Place) -> &'static str {
    match place {
        Place::Path => "path",
        Place::Query => "query",
        Place::Header => "header",
    }
}

fn param(param: &Param) -> String {
    let mut code = format!("{}({:?})", constructor(param.place), param.name);
    if param.input != param.name {
        let _ = write!(code, ".from({:?})", param.input);
    }
    let by_itself = if param.place == Place::Query { Style::Repeated } else { Style::Commas };
    if param.style != by_itself {
        let _ = write!(code, ".style({})", spelled(param.style));
    }
    code
}

fn spelled(style: Style) -> String {
    format!("Style::{style:?}")
}

/// `margin`: what stands beside it where it stands in one line.
fn list(operation: &Operation, pages: &Pages, margin: usize) -> String {
    let by = match &pages.by {
        By::Cursor { param, next } => format!("By::Cursor {{ param: {param:?}, next: {next:?} }}"),
        By::LastKey { param, more } => format!("By::LastKey {{ param: {param:?}, more: {more:?} }}"),
        By::Link { next } => format!("By::Link {{ next: {next:?} }}"),
        By::LinkHeader => "By::LinkHeader".to_owned(),
        By::Offset { param } => format!("By::Offset {{ param: {param:?} }}"),
        By::Number { param, first } => format!("By::Number {{ param: {param:?}, first: {first} }}"),
    };
    let size = match &pages.size {
        Some((param, size)) => format!("Some(({param:?}, {size}))"),
        None => "None".to_owned(),
    };
    let name = &operation.action;
    let members = [
        format!("trigger: {name:?}"),
        format!("action: {name:?}"),
        format!("items: {:?}", pages.items),
        format!("key: {:?}", pages.key),
        format!("size: {size}"),
        format!("by: {by}"),
    ];
    let line = format!("Pages {{ {} }}", members.join(", "));
    if line.chars().count() + margin <= LINE_CHARS_MAX {
        return line;
    }
    let members: String = members.iter().map(|member| format!("        {member},\n")).collect();
    format!("Pages {{\n{members}    }}")
}

/// A list in one line where it fits, as rustfmt writes it.
fn field(before: &str, items: &[String], after: &str, indent: usize) -> String {
    let spaces = " ".repeat(indent);
    let line = format!("{spaces}{before}{}{after}", items.join(", "));
    if line.chars().count() <= LINE_CHARS_MAX && !line.contains('\n') {
        return line;
    }
    // The value of a constant moves into the next line, if it is one.
    let next = format!("    &[{}{after}", items.join(", "));
    if let Some(name) = before.strip_suffix(" &[").filter(|_| before.ends_with("= &["))
        && next.chars().count() <= LINE_CHARS_MAX
        && !next.contains('\n')
    {
        return format!("{name}\n{next}");
    }
    // One item of several lines opens in the line of the list.
    if let [item] = items
        && item.contains('\n')
    {
        return format!("{spaces}{before}{}{after}", item.replace("\n    ", "\n"));
    }
    let inner = " ".repeat(indent + 4);
    let items: String = items.iter().map(|item| format!("{inner}{item},\n")).collect();
    format!("{spaces}{before}\n{items}{spaces}{after}")
}
