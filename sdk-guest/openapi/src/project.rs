//! The whole way: from the bytes of a document to the files of a project.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use domain::manifest;
use serde_json::Value;
use wit::{Action, Category, Manifest, Scope, Trigger, TriggerKind};

use crate::auth::Auth;
use crate::config::Config;
use crate::document::{Document, shown};
use crate::fit::together;
use crate::names::{spoken, title};
use crate::only::Only;
use crate::operation::{Operation, Reading};
use crate::pages::{self, Pages};
use crate::schema::Side;
use crate::scopes::{self, Scopes};
use crate::{servers, write};

/// The host's own bounds.
const TRIGGERS_MAX: usize = 64;
const HOSTS_MAX: usize = 64;
/// The host reads 256 KiB; a little is left for what an author adds.
const MANIFEST_BYTES_MAX: usize = 240 << 10;
const NOTES_MAX: usize = 2_000;
const CHOICES_SHOWN_MAX: usize = 30;

/// A project that was generated.
#[derive(Clone, Debug)]
pub struct Project {
    /// Its sources, `README.md` included; not what every project has around them (`Cargo.toml`, the SDK).
    pub files: Vec<File>,
    /// What the connector says of itself. The host takes it.
    pub manifest: Manifest,
    /// What the document says and the connector does not do.
    pub notes: Vec<Note>,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// From the project's folder, with `/` between its parts.
    pub path: String,
    /// What is in it.
    pub text: String,
}

/// Something that could not be carried over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Where the document says it: an operation as `GET /pets`, or a JSON pointer.
    pub place: String,
    /// What became of it, in one line.
    pub what: String,
}

/// Why there is no project.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotGenerated {
    /// More bytes than anybody's honest document has.
    #[error("the document has {found} bytes, more than the {allowed} allowed")]
    TooLarge {
        /// In bytes.
        found: usize,
        /// In bytes.
        allowed: usize,
    },
    /// Neither JSON nor YAML, or one that unfolds without end.
    #[error("the document cannot be read: {error}")]
    Syntax {
        /// What the parser says.
        error: String,
    },
    /// No OpenAPI of a version that is known.
    #[error(
        "the document is no OpenAPI 3.0 or 3.1: {found}; convert it first, for instance with `npx swagger2openapi`"
    )]
    Version {
        /// What it is instead.
        found: String,
    },
    /// A reference to another document. Nothing is ever fetched.
    #[error(
        "the document refers to {target:?}, which is another document; bundle them first, for instance with \
         `npx @redocly/cli bundle`"
    )]
    RemoteReference {
        /// The reference.
        target: String,
    },
    /// A reference to nothing.
    #[error("the document refers to {target:?}, which it does not have")]
    NoTarget {
        /// The reference.
        target: String,
    },
    /// A reference to a reference to itself.
    #[error("the reference {target:?} leads back to itself")]
    Circle {
        /// The reference.
        target: String,
    },
    /// Nothing is left to be an action.
    #[error("there is no operation to make an action of{}", reasons(.notes))]
    NoOperation {
        /// Why each was left out.
        notes: Vec<Note>,
    },
    /// More operations than a connector has actions.
    #[error(
        "the document has {found} operations, and a connector has at most {allowed} actions: take some of them with --only \
         (as often as needed), for instance{}",
        listed(.choices)
    )]
    TooMany {
        /// Operations that were wanted.
        found: usize,
        /// Actions that a connector may have.
        allowed: usize,
        /// What `--only` may name, with how many operations each has.
        choices: Vec<(String, usize)>,
    },
    /// Even without schemas the manifest is too large.
    #[error(
        "the manifest would have {found} bytes, and a host reads {allowed}: take fewer operations with --only"
    )]
    LargeManifest {
        /// In bytes.
        found: usize,
        /// In bytes.
        allowed: usize,
    },
    /// The document names things that a manifest cannot hold.
    #[error("the manifest that was made is not valid: {problem}")]
    Manifest {
        /// What the host would say.
        problem: String,
    },
}

/// The first choices, quoted as a shell takes them.
fn listed(choices: &[(String, usize)]) -> String {
    let mut text = String::new();
    for (name, count) in choices.iter().take(CHOICES_SHOWN_MAX) {
        let _ = write!(text, "\n  --only '{name}'  ({count})");
    }
    let more = choices.len().saturating_sub(CHOICES_SHOWN_MAX);
    if more > 0 {
        let _ = write!(text, "\n  and {more} more");
    }
    text
}

fn reasons(notes: &[Note]) -> String {
    let left_out: Vec<&Note> = notes.iter().filter(|note| note.what.starts_with("it is left out")).collect();
    match left_out.first() {
        None => "; is `--only` a tag, an operation or a path of the document?".to_owned(),
        Some(first) => format!("; of {} reasons the first: {}: {}", left_out.len(), first.place, first.what),
    }
}

/// What could not be carried over so far.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    list: Vec<Note>,
}

impl Notes {
    pub(crate) fn add(&mut self, place: &str, what: impl Into<String>) {
        let note = Note { place: place.to_owned(), what: what.into() };
        if self.list.len() < NOTES_MAX && !self.list.contains(&note) {
            self.list.push(note);
        }
    }

    pub(crate) fn into_list(self) -> Vec<Note> {
        self.list
    }
}

/// Generates a project for a connector of this name. Where `only` is not empty, of those operations whose tag, id, path or
/// `METHOD path` is in it.
pub fn generate(name: &str, document: &[u8], only: &[String]) -> Result<Project, NotGenerated> {
    let document = Document::read(document)?;
    let (mut notes, mut config) = (Notes::default(), Config::default());
    let server = match servers::of(document.get("/servers"), "/servers", &mut config, &mut notes) {
        Some(server) => server,
        None => servers::Server { host: servers::whole(&mut config), base: String::new() },
    };
    let auth = Auth::of(&document, Some(&server), &mut notes);
    let reading = Reading { document: &document, auth: &auth, server: &server, only: Only(only) };
    let operations = reading.all(&mut config, &mut notes)?;
    if operations.is_empty() {
        return Err(NotGenerated::NoOperation { notes: notes.into_list() });
    }
    if document.get("/webhooks").is_some() {
        notes.add("/webhooks", "webhooks are not received; a webhook trigger is written by hand");
    }
    let mut hosts: Vec<String> = operations.iter().map(|operation| operation.server.host.clone()).collect();
    hosts.sort();
    hosts.dedup();
    let scopes = scopes::of(&operations, hosts.len() == 1, &mut notes);
    hosts.extend(auth.token_hosts());
    let mut seen = Vec::new();
    hosts.retain(|host| {
        !seen.contains(host) && {
            seen.push(host.clone());
            true
        }
    });
    hosts.truncate(HOSTS_MAX);
    let pages: Vec<Option<Pages>> = operations.iter().map(pages::of).collect();
    let found = Found { document: &document, operations: &operations, pages: &pages, scopes: &scopes };
    let manifest = found.manifest(name, hosts, &config, &mut notes)?;
    let manifest = with_auth(manifest, &auth, &scopes.provider, &mut notes);
    manifest::check(&manifest).map_err(|error| NotGenerated::Manifest { problem: error.to_string() })?;
    let samples = write::samples(&manifest, &operations);
    let manifest = write::with_examples(manifest, &samples, MANIFEST_BYTES_MAX);
    let notes = notes.into_list();
    let files = write::files(&manifest, &operations, &pages, &samples, &notes);
    Ok(Project { files, manifest, notes })
}

/// Everything that a manifest is made of.
struct Found<'a> {
    document: &'a Document,
    operations: &'a [Operation],
    pages: &'a [Option<Pages>],
    scopes: &'a Scopes,
}

impl Found<'_> {
    /// The manifest, with as much of each schema as there is room for.
    fn manifest(
        &self,
        name: &str,
        hosts: Vec<String>,
        config: &Config,
        notes: &mut Notes,
    ) -> Result<Manifest, NotGenerated> {
        let info = |member: &str| self.document.get(&format!("/info/{member}")).and_then(Value::as_str);
        let mut manifest = Manifest {
            name: name.to_owned(),
            version: "0.1.0".to_owned(),
            title: info("title").and_then(title).unwrap_or_else(|| spoken(name)),
            category: Category::Custom,
            auth: Vec::new(),
            config: config.schema(),
            inputs: config.inputs.clone(),
            hosts,
            scopes: self.scopes.list.clone(),
            actions: self.actions(),
            triggers: self.triggers(),
            secrets: Vec::new(),
            rate: None,
            answers: Vec::new(),
        };
        let length =
            |manifest: &Manifest| serde_json::to_string(manifest).map_or(usize::MAX, |text| text.len());
        let room_bytes = MANIFEST_BYTES_MAX.saturating_sub(length(&manifest));
        self.fill(&mut manifest, room_bytes, notes);
        let found = length(&manifest);
        if found > MANIFEST_BYTES_MAX {
            return Err(NotGenerated::LargeManifest { found, allowed: MANIFEST_BYTES_MAX });
        }
        Ok(manifest)
    }

    /// Puts the schemas in.
    fn fill(&self, manifest: &mut Manifest, bytes_max: usize, notes: &mut Notes) {
        let mut wanted: Vec<(&Value, Side)> = Vec::new();
        let mut told: Vec<(&Operation, &str)> = Vec::new();
        for operation in self.operations {
            wanted.extend([(&operation.input, Side::Request), (&operation.output, Side::Response)]);
            told.extend([(operation, "input"), (operation, "output")]);
        }
        let lists = self.operations.iter().zip(self.pages);
        for (operation, pages) in lists.filter_map(|(operation, pages)| Some((operation, pages.as_ref()?))) {
            wanted.push((&pages.record, Side::Response));
            told.push((operation, "records"));
        }
        let slots = manifest.actions.len() * 2 + manifest.triggers.len();
        wanted.truncate(slots);
        let mut fitted = together(&wanted, bytes_max).into_iter();
        for ((operation, side), (_, level)) in told.iter().zip(fitted.as_slice()) {
            if let Some(what) = level.told() {
                let place = format!("{} {}", operation.method, shown(&operation.path));
                notes.add(
                    &place,
                    format!("there is no room for the whole schema of its {side}: {what}; fewer operations (--only) keep more"),
                );
            }
        }
        let mut next = || fitted.next().map(|(schema, _)| schema).unwrap_or_default();
        for action in &mut manifest.actions {
            (action.input, action.output) = (next(), next());
        }
        manifest.triggers.iter_mut().for_each(|trigger| trigger.record = next());
    }

    /// Still without schemas.
    fn actions(&self) -> Vec<Action> {
        let action = |(operation, scopes): (&Operation, &Vec<String>)| Action {
            name: operation.action.clone(),
            title: operation.title.clone(),
            effect: operation.effect(),
            scopes: scopes.clone(),
            input: Value::Null,
            output: Value::Null,
            idempotency: operation.idempotency(),
            examples: Vec::new(),
        };
        self.operations.iter().zip(&self.scopes.needed).map(action).collect()
    }

    /// Still without schemas.
    fn triggers(&self) -> Vec<Trigger> {
        let all = self.operations.iter().zip(self.pages).zip(&self.scopes.needed);
        let trigger = |((operation, pages), scopes): ((&Operation, &Option<Pages>), &Vec<String>)| {
            pages.as_ref()?;
            Some(Trigger {
                name: operation.action.clone(),
                title: operation.title.clone(),
                kind: TriggerKind::Poll,
                scopes: scopes.clone(),
                record: Value::Null,
            })
        };
        all.filter_map(trigger).take(TRIGGERS_MAX).collect()
    }
}

/// Adds those ways to authenticate that a host takes.
fn with_auth(
    mut manifest: Manifest,
    auth: &Auth,
    provider: &BTreeMap<String, Vec<String>>,
    notes: &mut Notes,
) -> Manifest {
    for scheme in auth.schemes(provider) {
        let mut probe = Manifest { auth: vec![scheme.clone()], ..manifest.clone() };
        // What else may be wrong is said elsewhere.
        probe.actions.clear();
        probe.triggers.clear();
        probe.scopes = probe.scopes.into_iter().map(|scope| Scope { rules: scope.rules, ..scope }).collect();
        match manifest::check(&probe) {
            Ok(()) => manifest.auth.push(scheme),
            Err(error) => {
                notes.add("/components/securitySchemes", format!("{} is left out: {error}", scheme.kind()))
            }
        }
    }
    manifest
}
