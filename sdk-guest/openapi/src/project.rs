//! The whole way: from the bytes of a document to the files of a project.

use std::collections::BTreeMap;

use domain::manifest;
use serde_json::Value;
use wit::{Action, Category, Manifest, Scope, Trigger, TriggerKind};

use crate::auth::Auth;
use crate::config::Config;
use crate::document::Document;
use crate::fit::{Level, fitted};
use crate::names::{spoken, title};
use crate::operation::{Operation, Reading};
use crate::pages::{self, Pages};
use crate::scopes::{self, Scopes};
use crate::{servers, write};

/// The host's own bounds.
const ACTIONS_MAX: usize = 256;
const TRIGGERS_MAX: usize = 64;
const HOSTS_MAX: usize = 64;
/// The host reads 256 KiB; a little is left for what an author adds.
const MANIFEST_BYTES_MAX: usize = 240 << 10;
const NOTES_MAX: usize = 2_000;

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
    /// The document names things that a manifest cannot hold.
    #[error("the manifest that was made is not valid: {problem}")]
    Manifest {
        /// What the host would say.
        problem: String,
    },
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
    let auth = Auth::of(&document, Some(&server), &mut notes)?;
    let reading = Reading { document: &document, auth: &auth, server: &server, only };
    let mut operations = reading.all(&mut config, &mut notes)?;
    for operation in operations.iter().skip(ACTIONS_MAX) {
        let place = format!("{} {}", operation.method, operation.path);
        notes.add(
            &place,
            format!(
                "it is left out: a connector has at most {ACTIONS_MAX} actions; choose others with --only"
            ),
        );
    }
    operations.truncate(ACTIONS_MAX);
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
    let manifest = found.manifest(name, hosts, &config, &mut notes);
    let manifest = with_auth(manifest, &auth, &scopes.provider, &mut notes);
    manifest::check(&manifest).map_err(|error| NotGenerated::Manifest { problem: error.to_string() })?;
    let notes = notes.into_list();
    let files = write::files(&manifest, &operations, &pages, &notes);
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
    /// The manifest at the first level of detail at which a host takes it.
    fn manifest(&self, name: &str, hosts: Vec<String>, config: &Config, notes: &mut Notes) -> Manifest {
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
            actions: Vec::new(),
            triggers: Vec::new(),
            secrets: Vec::new(),
            rate: None,
            answers: Vec::new(),
        };
        for level in Level::all() {
            let mut reduced = Notes::default();
            manifest.actions = self.actions(level, &mut reduced);
            manifest.triggers = self.triggers(level);
            let bytes = serde_json::to_string(&manifest).map_or(usize::MAX, |text| text.len());
            if bytes > MANIFEST_BYTES_MAX {
                continue;
            }
            if let Some(told) = level.told() {
                notes.add("/components/schemas", format!("all schemas together are too large for a manifest: {told}; fewer operations (--only) keep more"));
            }
            reduced.into_list().into_iter().for_each(|note| notes.add(&note.place, note.what));
            break;
        }
        manifest
    }

    fn actions(&self, level: Level, notes: &mut Notes) -> Vec<Action> {
        let action = |(operation, scopes): (&Operation, &Vec<String>)| {
            let mut fit = |schema: &Value, side: &str| {
                let (schema, at) = fitted(schema, level);
                if let Some(told) = at.told().filter(|_| at > level) {
                    let place = format!("{} {}", operation.method, operation.path);
                    notes.add(&place, format!("the schema of its {side} is too large: {told}"));
                }
                schema
            };
            Action {
                name: operation.action.clone(),
                title: operation.title.clone(),
                effect: operation.effect(),
                scopes: scopes.clone(),
                input: fit(&operation.input, "input"),
                output: fit(&operation.output, "output"),
                idempotency: operation.idempotency(),
                examples: Vec::new(),
            }
        };
        self.operations.iter().zip(&self.scopes.needed).map(action).collect()
    }

    fn triggers(&self, level: Level) -> Vec<Trigger> {
        let all = self.operations.iter().zip(self.pages).zip(&self.scopes.needed);
        let trigger = |((operation, pages), scopes): ((&Operation, &Option<Pages>), &Vec<String>)| {
            let pages = pages.as_ref()?;
            Some(Trigger {
                name: operation.action.clone(),
                title: operation.title.clone(),
                kind: TriggerKind::Poll,
                scopes: scopes.clone(),
                record: fitted(&pages.record, level).0,
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
