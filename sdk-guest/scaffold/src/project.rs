//! A project that does not exist yet: its name, its language, and the files that it will consist of.

use std::path::{Path, PathBuf};

use crate::Language;
use crate::embedded::{LOCK, SDKS, TEMPLATES};

/// Where a project finds the SDK if it brings its own: a folder inside the project.
const OWN_SDK: &str = "lockgate";
const NAME_BYTES_MAX: usize = 63;

/// A project to be written.
#[derive(Clone, Debug)]
pub struct Project {
    name: String,
    language: Language,
    sdk: Sdk,
}

/// Where the project finds the SDK.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sdk {
    /// In itself, as sources: it needs nothing but its language's own tools.
    Own,
    /// In a checkout of this repository, by its absolute path.
    Checkout(PathBuf),
}

/// One file of a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// From the project's folder, with `/` between its parts.
    pub path: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// Why a project cannot have this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadName {
    /// It is no name of a connector.
    #[error(
        "a connector's name consists of lower-case letters, digits and hyphens, begins with a letter and ends with a \
         letter or a digit; at most 63 characters"
    )]
    Form,
    /// Its language means something else by it.
    #[error("{0:?} means something else in {1}; choose another name")]
    Reserved(String, Language),
}

impl Project {
    /// A project whose connector has this name, in `language`.
    pub fn new(name: &str, language: Language, sdk: Sdk) -> Result<Self, BadName> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        // A package's name must also be a name in the language, so it begins with a letter; a connector's need not.
        let good = name.len() <= NAME_BYTES_MAX
            && name.starts_with(|c: char| c.is_ascii_lowercase())
            && !name.ends_with('-')
            && name.chars().all(plain);
        if !good {
            return Err(BadName::Form);
        }
        if language.reserved().contains(&name) {
            return Err(BadName::Reserved(name.to_owned(), language));
        }
        Ok(Self { name: name.to_owned(), language, sdk })
    }

    /// The connector's name, and the project's.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is written in.
    pub fn language(&self) -> Language {
        self.language
    }

    /// The name as languages spell it: `_` for `-`.
    pub fn module(&self) -> String {
        self.name.replace('-', "_")
    }

    /// The name for people.
    pub fn title(&self) -> String {
        let words = self.name.replace('-', " ");
        let mut letters = words.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    }

    /// Everything around a connector: what the language's tools read, and the SDK unless it is elsewhere.
    pub fn frame(&self) -> Vec<File> {
        let mut files = self.template("frame");
        if self.language == Language::Rust {
            files.push(File { path: "Cargo.lock".to_owned(), bytes: LOCK.as_bytes().to_vec() });
        }
        if self.sdk == Sdk::Own {
            let parts = self.language.sdk().iter().chain(Language::GUIDES);
            let needed = |path: &str| parts.clone().any(|part| path.starts_with(part));
            let sources = SDKS.iter().filter(|(path, _)| needed(path));
            files.extend(
                sources
                    .map(|(path, bytes)| File { path: format!("{OWN_SDK}/{path}"), bytes: bytes.to_vec() }),
            );
        }
        files
    }

    /// A small connector with its tests, and a README that explains it.
    pub fn example(&self) -> Vec<File> {
        self.template("example")
    }

    fn template(&self, part: &str) -> Vec<File> {
        let folder = format!("{}/{part}/", self.language);
        let files = TEMPLATES.iter().filter_map(|(path, bytes)| Some((path.strip_prefix(&*folder)?, bytes)));
        files
            .map(|(path, bytes)| {
                let bytes = match std::str::from_utf8(bytes) {
                    Ok(text) => self.filled(text).into_bytes(),
                    Err(_) => bytes.to_vec(),
                };
                File { path: self.filled(&untemplated(path)), bytes }
            })
            .collect()
    }

    fn filled(&self, text: &str) -> String {
        let sdk = match &self.sdk {
            Sdk::Own => OWN_SDK.to_owned(),
            Sdk::Checkout(path) => quotable(path),
        };
        let text = text.replace("@name@", &self.name).replace("@module@", &self.module());
        text.replace("@title@", &self.title()).replace("@sdk@", &sdk)
    }
}

/// The path as it stands between double quotes in TOML and JSON.
fn quotable(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/").replace('"', "\\\"")
}

fn untemplated(path: &str) -> String {
    let part = |part: &str| match part.strip_prefix("dot-") {
        Some(rest) => format!(".{rest}"),
        None => part.to_owned(),
    };
    let parts: Vec<String> = path.split('/').map(part).collect();
    let path = parts.join("/");
    path.strip_suffix(".template").map(str::to_owned).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_for_the_host_and_for_the_language() {
        for good in ["a", "book-shop", "crm2"] {
            assert!(Project::new(good, Language::Rust, Sdk::Own).is_ok(), "{good}");
        }
        let long = "a".repeat(64);
        for bad in
            ["", "-a", "a-", "A", "2crm", "a/b", "../x", "a.b", "а", "a b", "a\0", "a\"b", "$(x)", &long]
        {
            assert_eq!(Project::new(bad, Language::Rust, Sdk::Own).err(), Some(BadName::Form), "{bad:?}");
        }
        assert!(matches!(Project::new("fn", Language::Rust, Sdk::Own), Err(BadName::Reserved(..))));
        assert!(Project::new("fn", Language::Python, Sdk::Own).is_ok());
        assert!(matches!(Project::new("class", Language::Python, Sdk::Own), Err(BadName::Reserved(..))));
    }

    #[test]
    fn a_rust_project_brings_its_sdk_and_nothing_that_points_back() {
        let project = Project::new("book-shop", Language::Rust, Sdk::Own).expect("a name");
        let files = project.frame();
        let text = |path: &str| {
            let file = files.iter().find(|file| file.path == path).unwrap_or_else(|| panic!("no {path}"));
            String::from_utf8(file.bytes.clone()).expect("text")
        };
        for manifest in ["Cargo.toml", "lockgate/sdk-guest/rust/Cargo.toml", "lockgate/wit/Cargo.toml"] {
            assert!(!text(manifest).contains("workspace = true"), "{manifest} inherits");
        }
        assert!(text("Cargo.toml").contains("name = \"book-shop\""));
        assert!(text("lockgate/sdk-guest/rust/src/lib.rs").starts_with("//!"));
        assert!(text("lockgate/wit/v0/world.wit").contains("package"));
        assert!(text("Cargo.lock").contains("wit-bindgen") && !text("Cargo.lock").contains("wasmtime"));
    }

    #[test]
    fn nothing_of_a_template_is_left_to_be_filled_in() {
        for language in Language::ALL {
            let project = Project::new("book-shop", language, Sdk::Own).expect("a name");
            for file in project.frame().into_iter().chain(project.example()) {
                let text = String::from_utf8_lossy(&file.bytes).into_owned();
                for mark in ["@name@", "@module@", "@title@", "@sdk@"] {
                    let is_left = text.contains(mark) && !file.path.starts_with("lockgate/");
                    assert!(!is_left && !file.path.contains(mark), "{}: {mark}", file.path);
                }
                assert!(!file.path.contains("dot-") && !file.path.ends_with(".template"), "{}", file.path);
            }
        }
    }

    #[test]
    fn a_checkout_is_used_where_it_is() {
        let sdk = Sdk::Checkout("/src/lock \"gate\"".into());
        let project = Project::new("book-shop", Language::Rust, sdk).expect("a name");
        let files = project.frame();
        let manifest = files.iter().find(|file| file.path == "Cargo.toml").expect("a manifest");
        let text = String::from_utf8_lossy(&manifest.bytes);
        assert!(text.contains("/src/lock \\\"gate\\\"/sdk-guest/rust"), "{text}");
        assert!(!files.iter().any(|file| file.path.starts_with("lockgate/")));
    }
}
