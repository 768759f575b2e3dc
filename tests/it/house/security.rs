//! `SECURITY.md` answers every numbered case once: with a test that exists, or with a sentence that says why not.

use std::collections::{BTreeMap, HashMap};

/// The cases, by their letter: who attacks, and how many cases there are.
const CASES: [(char, u32); 6] = [('A', 34), ('B', 44), ('C', 26), ('D', 36), ('E', 20), ('G', 10)];

/// What a proof without a test begins with, and how long its sentence is at least.
const WITHOUT_TEST: [&str; 2] = ["does not apply: ", "not promised: "];
const SENTENCE_CHARS_MIN: usize = 20;

/// How many lines of attributes and comments may stand between a test's attribute and its name.
const ATTRIBUTE_LINES_MAX: usize = 8;

#[test]
fn every_case_has_one_row_and_every_row_a_proof() {
    let top = super::top();
    let text = std::fs::read_to_string(top.join("SECURITY.md")).expect("SECURITY.md lies in the top folder");
    let mut files =
        Files { read: |path: &str| std::fs::read_to_string(top.join(path)).ok(), known: HashMap::new() };
    let problems = problems(&text, &mut files);
    assert!(problems.is_empty(), "SECURITY.md:\n{}", problems.join("\n"));
}

/// The files that proofs name, each read once.
struct Files<F> {
    read: F,
    known: HashMap<String, Option<String>>,
}

impl<F: Fn(&str) -> Option<String>> Files<F> {
    fn get(&mut self, path: &str) -> Option<&str> {
        let read = &self.read;
        self.known.entry(path.to_owned()).or_insert_with(|| read(path)).as_deref()
    }
}

/// Everything that is wrong with the table.
fn problems<F: Fn(&str) -> Option<String>>(text: &str, files: &mut Files<F>) -> Vec<String> {
    let mut missing: BTreeMap<String, u32> = BTreeMap::new();
    for (letter, count) in CASES {
        missing.extend((1..=count).map(|number| (format!("{letter}{number}"), 0)));
    }
    let mut problems = Vec::new();
    for (line, cells) in rows(text) {
        let [case, attempt, outcome, proof] = cells.as_slice() else {
            problems.push(format!("line {line}: a row has four cells, this one {}", cells.len()));
            continue;
        };
        match missing.get_mut(case) {
            Some(rows) => *rows += 1,
            None => problems.push(format!("line {line}: there is no case {case}")),
        }
        if attempt.is_empty() || outcome.is_empty() {
            problems.push(format!("line {line}: {case} does not say what is tried and what happens"));
        }
        if let Err(problem) = judge(proof, files) {
            problems.push(format!("line {line}: {case}: {problem}"));
        }
    }
    for (case, rows) in missing.into_iter().filter(|(_, rows)| *rows != 1) {
        problems.push(format!("{case} has {rows} rows; it needs one"));
    }
    problems
}

/// The rows of the table, with their lines: those whose first cell looks like a case.
fn rows(text: &str) -> Vec<(usize, Vec<String>)> {
    let mut rows = Vec::new();
    for (line, row) in (1..).zip(text.lines()) {
        let Some(row) = row.trim().strip_prefix('|').and_then(|row| row.strip_suffix('|')) else { continue };
        let cells = cells(row);
        let is_case = |cell: &String| {
            let mut characters = cell.chars();
            characters.next().is_some_and(|c| c.is_ascii_uppercase())
                && !characters.as_str().is_empty()
                && characters.all(|c| c.is_ascii_digit())
        };
        if cells.first().is_some_and(is_case) {
            rows.push((line, cells));
        }
    }
    rows
}

/// Splits at every bar that is not escaped.
fn cells(row: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut characters = row.chars().peekable();
    while let Some(character) = characters.next() {
        let cell = cells.last_mut().expect("there is always a cell");
        match character {
            '\\' if characters.peek() == Some(&'|') => cell.extend(characters.next()),
            '|' => cells.push(String::new()),
            other => cell.push(other),
        }
    }
    cells.into_iter().map(|cell| cell.trim().to_owned()).collect()
}

/// A proof is tests that exist, or a sentence under one of two honest beginnings.
fn judge<F: Fn(&str) -> Option<String>>(proof: &str, files: &mut Files<F>) -> Result<(), String> {
    for beginning in WITHOUT_TEST {
        if let Some(sentence) = proof.strip_prefix(beginning) {
            let long = sentence.trim().chars().count() >= SENTENCE_CHARS_MIN;
            return if long { Ok(()) } else { Err(format!("{proof:?} is no sentence")) };
        }
    }
    let mut path = None;
    for part in proof.split(',').map(str::trim) {
        // A name alone is another test of the file before it.
        let (file, name) = match part.split_once(": ") {
            Some((file, name)) => (Some(file.trim()), name.trim()),
            None => (path, part),
        };
        let Some(file) = file else {
            return Err(format!("{proof:?} is neither `path: test` nor begins with {WITHOUT_TEST:?}"));
        };
        path = Some(file);
        let Some(source) = files.get(file) else { return Err(format!("there is no file {file}")) };
        if !is_test(source, name) {
            return Err(format!("{file} has no test {name:?}"));
        }
    }
    Ok(())
}

/// Whether the source has a function of this name under a test's attribute, and it is not ignored.
fn is_test(source: &str, name: &str) -> bool {
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    let declares = |line: &str| {
        let line = line.strip_prefix("async ").unwrap_or(line);
        line.strip_prefix("fn ")
            .and_then(|rest| rest.strip_prefix(name))
            .is_some_and(|rest| rest.starts_with('('))
    };
    is_name
        && lines.iter().enumerate().any(|(at, line)| {
            let above: Vec<&str> = lines
                .iter()
                .take(at)
                .rev()
                .take(ATTRIBUTE_LINES_MAX)
                .copied()
                .take_while(|line| !line.is_empty() && *line != "}")
                .collect();
            let is_attribute = |line: &&str| line.starts_with("#[test]") || line.starts_with("#[tokio::test");
            let is_ignored = |line: &&str| line.starts_with("#[ignore");
            declares(line) && above.iter().any(is_attribute) && !above.iter().any(is_ignored)
        })
}

// === the checker, checked ===

const SOURCE: &str = "
#[test]
fn plain() {}

#[tokio::test(flavor = \"multi_thread\", worker_threads = 2)]
#[cfg(unix)]
async fn awaited() {}

fn not_a_test() {}

#[test]
#[ignore]
fn ignored() {}
";

/// Every case answered by one sentence, but for those given.
fn table(given: &[(&str, &str)]) -> String {
    let mut rows = String::from("| case | tried | outcome | proof |\n|---|---|---|---|\n");
    for (letter, count) in CASES {
        for number in 1..=count {
            let case = format!("{letter}{number}");
            let proof = given
                .iter()
                .find(|(of, _)| *of == case)
                .map_or("not promised: there is a reason for it", |(_, proof)| proof);
            rows.push_str(&format!("| {case} | tries | ends | {proof} |\n"));
        }
    }
    rows
}

fn found(text: &str) -> Vec<String> {
    let read = |path: &str| (path == "tests/it/a.rs").then(|| SOURCE.to_owned());
    problems(text, &mut Files { read, known: HashMap::new() })
}

#[test]
fn a_table_that_answers_everything_has_no_problem() {
    let none: [String; 0] = [];
    assert_eq!(found(&table(&[])), none);
    let good = [
        ("A1", "tests/it/a.rs: plain"),
        ("B44", "tests/it/a.rs: plain, tests/it/a.rs: awaited"),
        ("C26", "tests/it/a.rs: plain, awaited"),
        ("D36", "does not apply: there is no such thing in this house"),
    ];
    assert_eq!(found(&table(&good)), none);
    assert_eq!(found(&table(&[]).replace("| tries |", "| `a \\| b` |")), none);
}

#[test]
fn a_proof_that_proves_nothing_is_a_problem() {
    for (proof, said) in [
        ("", "is neither"),
        ("plain", "is neither"),
        ("see the code", "is neither"),
        ("tests/it/b.rs: plain", "there is no file tests/it/b.rs"),
        ("tests/it/a.rs: absent", "has no test \"absent\""),
        ("tests/it/a.rs: plai", "has no test \"plai\""),
        ("tests/it/a.rs: not_a_test", "has no test \"not_a_test\""),
        ("tests/it/a.rs: ignored", "has no test \"ignored\""),
        ("tests/it/a.rs: plain, tests/it/a.rs: absent", "has no test \"absent\""),
        ("tests/it/a.rs: ", "is neither"),
        ("not promised: no", "is no sentence"),
        ("does not apply:", "is neither"),
    ] {
        let problems = found(&table(&[("E7", proof)]));
        assert_eq!(problems.len(), 1, "{proof:?}: {problems:?}");
        assert!(problems[0].contains("E7") && problems[0].contains(said), "{proof:?}: {problems:?}");
    }
}

#[test]
fn a_case_without_a_row_or_with_two_is_a_problem() {
    let without: String = table(&[])
        .lines()
        .filter(|line| !line.starts_with("| G10 |"))
        .map(|line| format!("{line}\n"))
        .collect();
    assert_eq!(found(&without), ["G10 has 0 rows; it needs one"]);
    let twice = table(&[]) + "| A2 | tries | ends | not promised: it is answered above |\n";
    assert_eq!(found(&twice), ["A2 has 2 rows; it needs one"]);
    let unknown = table(&[]) + "| F1 | tries | ends | not promised: nobody asked about it |\n";
    assert_eq!(found(&unknown).len(), 1);
    let short = table(&[]).replace("| B3 | tries | ends |", "| B3 | tries |");
    assert_eq!(found(&short).len(), 2, "{:?}", found(&short));
    let silent = table(&[]).replace("| B3 | tries | ends |", "| B3 | | ends |");
    assert_eq!(found(&silent).len(), 1);
}
