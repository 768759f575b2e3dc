//! The guides for authors quote messages: each is one that can still be met, and each that an author can meet is quoted.

const GUIDES: [&str; 5] = [
    "sdk-guest/messages.md",
    "sdk-guest/rust/README.md",
    "sdk-guest/js/README.md",
    "sdk-guest/python/README.md",
    "sdk-guest/testing/README.md",
];

/// Said by tools that are not ours.
const FOREIGN: &[&str] = &[
    "rustc … is not supported by the following packages: lockgate-sdk",
    "the trait bound `T: Described` is not satisfied",
    "the trait `Deserialize` is not implemented",
    "type annotations needed",
    "failed to get path metadata",
    "No such file or directory (os error 44)",
    "Could not resolve \"node:fs\"",
    "Exception while evaluating top-level script",
    "invalid property name in regular expression",
    "ModuleNotFoundError",
    ".so",
    "PermissionError",
    "gaierror",
    "unknown field …, expected one of …",
];

/// Where what is said while a project is written, built, checked and tested comes from.
const SAYING: [&str; 14] = [
    "host/cli/src/new.rs",
    "host/cli/src/new/",
    "host/cli/src/build.rs",
    "host/cli/src/build/",
    "host/cli/src/cache.rs",
    "host/cli/src/check.rs",
    "host/cli/src/test.rs",
    "host/cli/src/test/",
    "host/cli/src/project.rs",
    "host/cli/src/local.rs",
    "host/cli/src/call.rs",
    "host/cli/src/poll.rs",
    "host/cli/src/receive.rs",
    "sdk-guest/scaffold/src/",
];

/// What is said of work that goes on, and asks for nothing.
const PROGRESS: &[&str] = &[
    "there is no .venv yet: {python} -m venv .venv",
    "installing what pyproject.toml names: pip install {}",
    "{} actions, {} triggers",
];

/// A text of which some parts are filled in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Token {
    Letter(char),
    Anything,
}

/// A quoted message; `…` and `...` stand for anything.
fn quoted(text: &str) -> Vec<Token> {
    let text = text.replace("...", "…");
    text.chars().map(|c| if c == '…' { Token::Anything } else { Token::Letter(c) }).collect()
}

/// A text of the source; what stands in braces is filled in.
fn said(text: &str) -> Vec<Token> {
    let (mut tokens, mut depth) = (Vec::new(), 0_u32);
    let mut letters = text.chars().peekable();
    while let Some(c) = letters.next() {
        match c {
            '{' if depth == 0 && letters.peek() == Some(&'{') => {
                letters.next();
                tokens.push(Token::Letter('{'));
            }
            '{' => depth += 1,
            '}' if depth > 0 => {
                depth -= 1;
                tokens.push(Token::Anything);
            }
            '$' if letters.peek() == Some(&'{') => {}
            c if depth == 0 => tokens.push(Token::Letter(c)),
            _ => {}
        }
    }
    tokens
}

/// Whether the message can be a part of what is said, and how many of its letters stand there as they are.
fn common(message: &[Token], said: &[Token]) -> Option<usize> {
    // The most letters in common, for each place in the message behind a place in what is said.
    let mut row: Vec<Option<usize>> = vec![None; message.len() + 1];
    let mut best = None;
    for place in 0..=said.len() {
        row[0] = Some(0);
        let mut next: Vec<Option<usize>> = vec![None; message.len() + 1];
        for at in 0..=message.len() {
            // To the right within the same place of what is said: something is filled in there, or left out here.
            if at > 0 {
                let filled = said.get(place) == Some(&Token::Anything) || message[at - 1] == Token::Anything;
                row[at] = row[at].max(row[at - 1].filter(|_| filled));
            }
            let Some(reached) = row[at] else { continue };
            match (message.get(at), said.get(place)) {
                (Some(Token::Letter(one)), Some(Token::Letter(other))) if one == other => {
                    next[at + 1] = next[at + 1].max(Some(reached + 1));
                }
                (Some(Token::Anything), Some(_)) | (_, Some(Token::Anything)) => {
                    next[at] = next[at].max(Some(reached));
                }
                _ => {}
            }
        }
        best = best.max(row[message.len()]);
        row = next;
    }
    best
}

/// Whether somebody who is told the one finds it by the other.
fn is_said(message: &str, text: &str) -> bool {
    let words: Vec<&str> =
        message.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| word.len() > 2).collect();
    let shared = words.iter().filter(|word| text.contains(**word)).count();
    // Most texts have nothing in common with a message: that is seen sooner than letter by letter.
    let is_code = !message.contains(' ');
    if !is_code && shared * 5 < words.len() * 2 {
        return false;
    }
    let message = quoted(message);
    let letters = message.iter().filter(|token| **token != Token::Anything).count();
    common(&message, &said(text)).is_some_and(|met| met * 5 >= letters * 2)
}

/// What stands in backticks in the columns of messages and codes.
fn messages(guide: &str) -> Vec<String> {
    let (mut found, mut columns) = (Vec::new(), Vec::new());
    for line in guide.lines() {
        let Some(row) = line.strip_prefix('|') else {
            columns.clear();
            continue;
        };
        let row = row.replace("\\|", "¦");
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        if columns.is_empty() {
            columns = cells.iter().map(|cell| *cell == "message" || *cell == "code").collect();
        } else if !row.starts_with('-') {
            let cells = cells.iter().zip(&columns).filter(|(_, is_message)| **is_message);
            found.extend(cells.flat_map(|(cell, _)| spans(cell)));
        }
    }
    found
}

/// The spans of code of a cell: what is between backticks, however many.
fn spans(cell: &str) -> Vec<String> {
    let (mut found, mut rest) = (Vec::new(), cell);
    while let Some(begin) = rest.find('`') {
        let ticks: String = rest[begin..].chars().take_while(|c| *c == '`').collect();
        let behind = &rest[begin + ticks.len()..];
        let Some(end) = behind.find(&ticks) else { break };
        // Two backticks are there for one inside, which may touch them.
        found.push(behind[..end].trim().replace('¦', "|"));
        rest = behind[end + ticks.len()..].trim_start_matches('`');
    }
    found
}

/// The texts in double quotes, and in the quotes of JavaScript and Python, with their escapes undone.
fn literals(text: &str, quotes: &[char]) -> Vec<String> {
    let (mut found, mut letters) = (Vec::new(), text.chars().peekable());
    while let Some(quote) = letters.next() {
        if quote == '\'' && quotes.len() == 1 {
            // A character of Rust, maybe a quote, or a lifetime.
            if letters.peek() == Some(&'"') {
                letters.next();
            }
            continue;
        }
        if !quotes.contains(&quote) {
            continue;
        }
        let mut literal = String::new();
        while let Some(c) = letters.next() {
            match c {
                c if c == quote => break,
                '\n' if quotes.len() > 1 && quote != '`' => break,
                '\\' => match letters.next() {
                    Some('\n') => while letters.next_if(|c| c.is_whitespace()).is_some() {},
                    Some('n') => literal.push('\n'),
                    Some(c) => literal.push(c),
                    None => {}
                },
                c => literal.push(c),
            }
        }
        found.push(literal);
    }
    found
}

/// Every text of ours that could be said, tests aside.
fn texts() -> Vec<String> {
    let rust = super::sources().into_iter().filter(|(name, _)| !name.contains("/tests"));
    let mut texts: Vec<String> = rust
        .flat_map(|(_, text)| literals(text.split("#[cfg(test)]").next().unwrap_or_default(), &['"']))
        .collect();
    let mut others = Vec::new();
    for folder in ["sdk-guest/js", "sdk-guest/python"] {
        super::walk(&super::top().join(folder), &mut others);
    }
    for path in others {
        let is_code = path.extension().is_some_and(|end| end == "js" || end == "py");
        if is_code && !path.components().any(|part| part.as_os_str() == "tests") {
            let text = std::fs::read_to_string(&path).expect("a source file is text");
            texts.extend(literals(&text, &['"', '\'', '`']));
        }
    }
    texts
}

fn guide(name: &str) -> String {
    std::fs::read_to_string(super::top().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn each_message_that_a_guide_quotes_can_still_be_met() {
    let texts = texts();
    let mut gone = Vec::new();
    for name in GUIDES {
        let messages = messages(&guide(name));
        assert!(messages.len() >= 5, "{name} quotes {} messages", messages.len());
        for message in messages {
            if !FOREIGN.contains(&&*message.replace("...", "…"))
                && !texts.iter().any(|text| is_said(&message, text))
            {
                gone.push(format!("{name}: {message}"));
            }
        }
    }
    assert!(gone.is_empty(), "nothing says any more:\n{}", gone.join("\n"));
}

#[test]
fn each_message_that_an_author_can_meet_is_in_a_guide() {
    let quoted: Vec<String> = GUIDES.iter().flat_map(|name| messages(&guide(name))).collect();
    let sources = super::sources();
    let mut found: Vec<(String, String)> = Vec::new();
    for (name, text) in &sources {
        let text = text.split("#[cfg(test)]").next().unwrap_or_default();
        if SAYING.iter().any(|saying| name.starts_with(saying)) {
            found.extend(complaints(text).into_iter().map(|said| (name.clone(), said)));
        }
        if name == "host/runtime/src/refused.rs" {
            for part in text.split("fn code(").skip(1) {
                let codes = literals(part.split("\n    }").next().unwrap_or_default(), &['"']);
                found.extend(codes.into_iter().map(|code| (name.clone(), code)));
            }
        }
    }
    assert!(found.len() > 50, "only {} messages were found", found.len());
    found.retain(|(_, said)| !quoted.iter().any(|message| is_said(message, said)));
    let missing: Vec<String> = found.into_iter().map(|(name, said)| format!("{name}: {said}")).collect();
    assert!(missing.is_empty(), "no guide says what to do about:\n{}", missing.join("\n"));
}

/// The texts of errors and warnings: what a macro or a type of errors is given first.
fn complaints(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for mark in ["anyhow!(", "bail!(", "Usage(", "#[error(", "note(&format!("] {
        for behind in text.split(mark).skip(1) {
            let begin = behind.trim_start_matches(['&', '\n', ' ']);
            let begin = begin.strip_prefix("format!(").unwrap_or(begin).trim_start();
            if begin.starts_with('"') {
                found.extend(literals(begin, &['"']).into_iter().next());
            }
        }
    }
    // Not a word of what is well.
    found.retain(|said| !said.starts_with('\n') && !said.starts_with(' ') && !PROGRESS.contains(&&**said));
    found
}

#[test]
fn a_message_is_told_from_another_one() {
    let text = "{name} cannot be run: {why}; {get_it}";
    assert!(is_said("node cannot be run: it is not installed", text));
    assert!(is_said("… cannot be run", text));
    assert!(!is_said("node cannot be found: it is not installed", text));
    assert!(is_said(
        "the manifest has the action x, and the code does not",
        "the manifest has the ${kind} ${name}, and the code does not"
    ));
    assert!(is_said("too_many_…", "too_many_modules") && !is_said("too_many_…", "too_few"));
    assert!(!is_said("no such folder is there at all", "{}: {}"));
    assert_eq!(spans("`a …`, ``b `c` `` or `d`"), ["a …", "b `c`", "d"]);
    assert_eq!(literals("x(\"a \\\n   b\", '\"', \"c\\\"\")", &['"']), ["a b", "c\""]);
}
