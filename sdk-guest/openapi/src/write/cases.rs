//! Tests of a generated project, as `lockgate test` runs them: what each action sends and returns, what it says of a
//! refusal, and how each trigger reads its pages. Their values are the document's examples, or made up from its schemas.

mod listed;
mod made;
mod sent;
mod yaml;

use serde_json::{Map, Value, json};
use wit::{Action, InputKind, Manifest};

use self::yaml::Test;
use crate::operation::Operation;
use crate::pages::Pages;
use crate::parameters::Place;
use crate::project::File;

/// The bounds of a test file are 500 tests and 1 MiB.
const TESTS_MAX: usize = 400;
const FILE_BYTES_MAX: usize = 400 << 10;
/// The key by which the host would recognise a repeated attempt.
const KEY: &str = "run-1/1";

/// What all tests of a project have in common: the settings of the profile that they run with.
pub(super) struct Cases {
    /// Every setting with its value.
    settings: Vec<(String, String)>,
    /// Those that have no default.
    config: Map<String, Value>,
}

/// The files; `check` is the action that the profile's check asks for.
pub(super) fn files(
    manifest: &Manifest,
    operations: &[Operation],
    pages: &[Option<Pages>],
    samples: &[Option<Sample>],
    check: Option<&str>,
) -> Vec<File> {
    let cases = Cases::of(manifest);
    let mut actions = Vec::new();
    let mut is_varied = false;
    for ((operation, action), sample) in operations.iter().zip(&manifest.actions).zip(samples) {
        let good = sample.as_ref().map(|sample| cases.good(operation, sample));
        actions.extend(good.as_ref().map(|good| good.test(format!("{} is answered", action.name))));
        // One pair is enough to see that results come in the order of inputs.
        if let Some(other) =
            good.as_ref().filter(|_| !is_varied).and_then(|good| cases.varied(operation, action, good))
        {
            actions.push(other.test(format!("{} of something else is answered differently", action.name)));
            is_varied = true;
        }
        actions.extend(cases.bad(operation, action, good.as_ref()));
    }
    let mut triggers = Vec::new();
    let checked =
        operations.iter().zip(samples).find(|(operation, _)| Some(operation.action.as_str()) == check);
    if let Some((operation, Some(sample))) = checked {
        triggers.push(cases.good(operation, sample).check());
    }
    let lists =
        operations.iter().zip(pages).filter_map(|(operation, pages)| Some((operation, pages.as_ref()?)));
    for ((operation, pages), trigger) in lists.zip(&manifest.triggers) {
        triggers.extend(cases.read_to_the_end(operation, pages, trigger));
    }
    let mut files =
        parts("actions", "What each action sends, what it returns, and what a refusal becomes.", &actions);
    files.extend(parts(
        "lists",
        "How the credential is checked, and how lists are read page by page.",
        &triggers,
    ));
    files
}

/// What an action takes, what its remote answers, and what becomes of it.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    pub(crate) input: Value,
    reply: Value,
    pub(crate) output: Value,
}

/// One of each action; none where no value could be made that its schemas allow.
pub(crate) fn samples(manifest: &Manifest, operations: &[Operation]) -> Vec<Option<Sample>> {
    let sample = |(operation, action): (&Operation, &Action)| {
        let (input, (reply, output)) = (made::input(operation, action)?, made::reply(operation, action)?);
        Some(Sample { input, reply, output })
    };
    operations.iter().zip(&manifest.actions).map(sample).collect()
}

/// As many files as the tests need.
fn parts(name: &str, told: &str, tests: &[Test]) -> Vec<File> {
    let mut files: Vec<File> = Vec::new();
    let mut text = String::new();
    let mut count = 0;
    let mut close = |text: &mut String, count: &mut usize| {
        if *count > 0 {
            let number = files.len() + 1;
            let path = if number == 1 {
                format!("tests/{name}.yaml")
            } else {
                format!("tests/{name}-{number}.yaml")
            };
            files.push(File { path, text: format!("# {told}\n{}", std::mem::take(text)) });
            *count = 0;
        }
    };
    for test in tests {
        let written = test.written();
        if count >= TESTS_MAX || (count > 0 && text.len() + written.len() > FILE_BYTES_MAX) {
            close(&mut text, &mut count);
        }
        if count > 0 {
            text.push_str("---\n");
        }
        text.push_str(&written);
        count += 1;
    }
    close(&mut text, &mut count);
    files
}

/// A call that succeeds.
pub(super) struct Good {
    config: Map<String, Value>,
    action: String,
    input: Value,
    has_key: bool,
    request: Vec<(&'static str, Value)>,
    reply: Value,
    result: Value,
}

impl Good {
    fn call(&self) -> Value {
        let mut call = json!({ "action": self.action, "input": self.input });
        if let (true, Some(members)) = (self.has_key, call.as_object_mut()) {
            members.insert("key".to_owned(), json!(KEY));
        }
        call
    }

    fn test(&self, name: String) -> Test {
        Test {
            name,
            config: self.config.clone(),
            call: self.call(),
            exchanges: vec![(self.request.clone(), ("reply", self.reply.clone()))],
            expect: json!({ "result": self.result }),
        }
    }

    /// The profile's check, which asks the same.
    fn check(&self) -> Test {
        let request =
            self.request.iter().filter(|(name, _)| matches!(*name, "method" | "url")).cloned().collect();
        Test {
            name: "a profile whose credential works is found good".to_owned(),
            config: self.config.clone(),
            call: json!({ "check": true }),
            exchanges: vec![(request, ("reply", self.reply.clone()))],
            expect: json!({}),
        }
    }
}

impl Cases {
    fn of(manifest: &Manifest) -> Self {
        let (mut settings, mut config) = (Vec::new(), Map::new());
        for input in &manifest.inputs {
            let made_up = match input.kind {
                InputKind::Label => "example",
                InputKind::HostName => "api.example.com",
                InputKind::Origin => "https://api.example.com",
            };
            let value = input.default.clone().unwrap_or_else(|| made_up.to_owned());
            if input.default.is_none() {
                config.insert(input.name.clone(), json!(value));
            }
            settings.push((input.name.clone(), value));
        }
        Self { settings, config }
    }

    fn good(&self, operation: &Operation, sample: &Sample) -> Good {
        let Sample { input, reply, output } = sample.clone();
        self.with(operation, input, reply, output)
    }

    fn with(&self, operation: &Operation, input: Value, reply: Value, result: Value) -> Good {
        let mut request = self.line(operation, &input);
        request.extend(sent::parts(operation, &input, KEY));
        Good {
            config: self.config.clone(),
            action: operation.action.clone(),
            has_key: operation.idempotency.is_some(),
            request,
            input,
            reply,
            result,
        }
    }

    /// The same of something else in its path, with another result.
    fn varied(&self, operation: &Operation, action: &Action, good: &Good) -> Option<Good> {
        let param = operation.params.iter().find(|param| param.place == Place::Path)?;
        let mut input = good.input.clone();
        let value = input.get_mut(&param.input)?;
        *value = made::another(value)?;
        let result = made::another_result(operation, action, &good.result)?;
        let mut reply = good.reply.clone();
        *reply.get_mut("json")? = result.clone();
        made::is_input(operation, action, &input).then(|| self.with(operation, input, reply, result))
    }

    /// What is not there is not found; where everything is, the remote may ask for patience.
    fn bad(&self, operation: &Operation, action: &Action, good: Option<&Good>) -> Option<Test> {
        let input = good.map(|good| good.input.clone()).or_else(|| made::input(operation, action))?;
        let (name, exchange, expect) = if operation.params.iter().any(|param| param.place == Place::Path) {
            (
                "what is not there is not found",
                ("reply", json!({"status": 404})),
                json!({"error": "not_found"}),
            )
        } else {
            let fault = json!({"rate_limited": {"retry_after_s": 2}});
            (
                "a remote that is busy is asked again later",
                ("fault", fault),
                json!({"error": "rate_limited", "wait_ms": 2_000}),
            )
        };
        Some(Test {
            name: format!("{}: {name}", operation.action),
            config: self.config.clone(),
            call: json!({ "action": operation.action, "input": input }),
            exchanges: vec![(self.line(operation, &input), exchange)],
            expect,
        })
    }

    /// Method and URL.
    fn line(&self, operation: &Operation, input: &Value) -> Vec<(&'static str, Value)> {
        let mut server = format!("{}{}", operation.server.host, operation.server.base);
        for (name, value) in &self.settings {
            server = server.replace(&format!("{{{name}}}"), value.trim_end_matches('/'));
        }
        let url = format!("{server}{}", sent::path(operation, input));
        vec![("method", json!(operation.method)), ("url", json!(url))]
    }
}
