//! The project that somebody stands in: its folder, its language, its name, and what is built of it.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::Context as _;
use scaffold::Language;

use crate::build::rust;
use crate::failure::Failure;
use crate::files;

/// Where components of Rust projects are, below the folder that cargo builds into.
const RUST_BUILT: &str = "wasm32-wasip2/release";
/// What tools make, wherever it is; the lock files are written by the build itself.
const NOT_SOURCES: [&str; 5] = ["target", "node_modules", "__pycache__", "Cargo.lock", "package-lock.json"];
/// The same in the project's own folder, where hosts are started too.
const NOT_SOURCES_AT_TOP: [&str; 5] = ["dist", "build", "venv", "data", "lockgate-data"];
/// A project with more folders below each other is none that somebody wrote.
const DEPTH_MAX: usize = 24;

/// A connector's project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Project {
    /// The folder that holds its manifest.
    pub(crate) folder: PathBuf,
    pub(crate) language: Language,
    /// Of the package; the connector's name is in its own manifest, and usually the same.
    pub(crate) name: String,
    component: PathBuf,
}

impl Project {
    /// The project that holds this folder or file: itself, or the nearest above.
    pub(crate) fn find(start: &Path) -> Result<Self, Failure> {
        let start =
            start.canonicalize().with_context(|| format!("looking for a project at {}", start.display()))?;
        for folder in start.ancestors() {
            if let Some(mut project) = Self::at(folder)? {
                if project.language == Language::Rust {
                    project.component = rust::component(&project);
                }
                return Ok(project);
            }
        }
        Err(Failure::Usage(format!(
            "{} is in no project: none of the folders above has a Cargo.toml with a `cdylib`, a package.json or a \
             pyproject.toml; `lockgate new NAME` writes one",
            start.display()
        )))
    }

    /// The project that is exactly here.
    fn at(folder: &Path) -> anyhow::Result<Option<Self>> {
        let manifest = |name: &str| {
            let path = folder.join(name);
            path.is_file().then(|| files::read_text(&path)).transpose()
        };
        let made = |language: Language, name: String, component: PathBuf| {
            Some(Self { folder: folder.to_owned(), language, name, component })
        };
        if let Some(text) = manifest("Cargo.toml")? {
            let table: toml::Table =
                text.parse().with_context(|| format!("{}/Cargo.toml", folder.display()))?;
            if let Some((name, library)) = cdylib(&table) {
                let built = folder.join("target").join(RUST_BUILT).join(format!("{library}.wasm"));
                return Ok(made(Language::Rust, name, built));
            }
        }
        if let Some(text) = manifest("package.json")? {
            let package: serde_json::Value =
                serde_json::from_str(&text).with_context(|| format!("{}/package.json", folder.display()))?;
            let name = package.get("name").and_then(serde_json::Value::as_str);
            let name = file_name(name, folder);
            let built = folder.join("dist").join(format!("{name}.wasm"));
            return Ok(made(Language::JavaScript, name, built));
        }
        if let Some(text) = manifest("pyproject.toml")? {
            let table: toml::Table =
                text.parse().with_context(|| format!("{}/pyproject.toml", folder.display()))?;
            let name =
                table.get("project").and_then(|project| project.get("name")).and_then(toml::Value::as_str);
            let name = file_name(name, folder);
            let built = folder.join("dist").join(format!("{name}.wasm"));
            return Ok(made(Language::Python, name, built));
        }
        Ok(None)
    }

    /// Where its component is, or will be once it is built.
    pub(crate) fn component(&self) -> &Path {
        &self.component
    }

    /// Whether the component is not what the sources say: it is missing, or one of them is newer.
    pub(crate) fn is_stale(&self) -> bool {
        let Some(built) = modified(&self.component) else { return true };
        self.newest_source().is_some_and(|newest| newest > built)
    }

    /// When a source was changed last, the SDK inside the project included.
    pub(crate) fn newest_source(&self) -> Option<SystemTime> {
        newest(&self.folder, 0)
    }
}

/// Whether a file or folder of this name, so many folders below the project's, is no source: tools made it, or it is
/// hidden.
pub(crate) fn is_made(name: &str, depth: usize) -> bool {
    let hidden = name.starts_with('.') || name.ends_with('~') || name.ends_with(".swp");
    hidden || NOT_SOURCES.contains(&name) || (depth == 0 && NOT_SOURCES_AT_TOP.contains(&name))
}

/// The package's name and its library's, if it is a connector.
fn cdylib(manifest: &toml::Table) -> Option<(String, String)> {
    let library = manifest.get("lib")?;
    let kinds = library.get("crate-type")?.as_array()?;
    kinds.iter().find(|kind| kind.as_str() == Some("cdylib"))?;
    let name = manifest.get("package")?.get("name")?.as_str()?.to_owned();
    let library = library.get("name").and_then(toml::Value::as_str);
    Some((name.clone(), library.map_or_else(|| name.replace('-', "_"), str::to_owned)))
}

/// A name that is a plain file name: the last part of what the manifest says, or the folder's.
fn file_name(said: Option<&str>, folder: &Path) -> String {
    let last = said.and_then(|name| name.rsplit('/').next()).filter(|name| {
        !name.is_empty()
            && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
            && !name.starts_with('.')
    });
    match last {
        Some(name) => name.to_owned(),
        None => folder
            .file_name()
            .map_or_else(|| "connector".to_owned(), |name| name.to_string_lossy().into_owned()),
    }
}

fn newest(folder: &Path, depth: usize) -> Option<SystemTime> {
    if depth > DEPTH_MAX {
        return None;
    }
    let entries = std::fs::read_dir(folder).ok()?;
    let of_entry = |entry: std::fs::DirEntry| {
        let kind = entry.file_type().ok()?;
        if is_made(&entry.file_name().to_string_lossy(), depth) {
            return None;
        }
        if kind.is_dir() { newest(&entry.path(), depth + 1) } else { modified(&entry.path()) }
    };
    entries.flatten().filter_map(of_entry).max()
}

fn modified(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).ok()?.modified().ok()
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests write the projects that an author would have")]
mod tests {
    use std::fs;
    use std::time::Duration;

    use super::*;

    fn project(files: &[(&str, &str)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        dir
    }

    const RUST: &str = "[package]\nname = \"book-shop\"\n[lib]\ncrate-type = [\"cdylib\", \"rlib\"]\n";

    #[test]
    fn a_project_is_known_by_what_is_in_its_folder() {
        for (file, text, language, name, component) in [
            ("Cargo.toml", RUST, Language::Rust, "book-shop", "target/wasm32-wasip2/release/book_shop.wasm"),
            ("package.json", r#"{"name": "@acme/shop"}"#, Language::JavaScript, "shop", "dist/shop.wasm"),
            ("pyproject.toml", "[project]\nname = \"shop\"", Language::Python, "shop", "dist/shop.wasm"),
        ] {
            let dir = project(&[(file, text), ("src/deep/x", "")]);
            let found = Project::find(&dir.path().join("src/deep")).unwrap();
            assert_eq!((found.language, &*found.name), (language, name), "{file}");
            assert_eq!(found.component(), dir.path().canonicalize().unwrap().join(component), "{file}");
        }
    }

    #[test]
    fn a_workspace_above_is_no_connector_and_neither_is_nothing() {
        let dir = project(&[("Cargo.toml", "[workspace]\nmembers = []"), ("a/x", "")]);
        assert!(matches!(Project::find(&dir.path().join("a")), Err(Failure::Usage(_))));
        let nested = project(&[("Cargo.toml", "[workspace]"), ("a/Cargo.toml", RUST), ("a/src/lib.rs", "")]);
        assert_eq!(Project::find(&nested.path().join("a/src")).unwrap().name, "book-shop");
    }

    #[test]
    fn a_name_in_a_manifest_leads_nowhere_else() {
        for name in ["../../etc/passwd", "..", "a b", "", "\u{1b}[2J"] {
            let text = serde_json::json!({ "name": name }).to_string();
            let dir = project(&[("package.json", &text)]);
            let found = Project::find(dir.path()).unwrap();
            let top = dir.path().canonicalize().unwrap();
            assert_eq!(found.component().parent(), Some(&*top.join("dist")), "{name:?}");
        }
    }

    #[test]
    fn a_component_is_stale_when_it_is_missing_or_older_than_a_source() {
        let dir = project(&[("Cargo.toml", RUST), ("src/lib.rs", "")]);
        let found = Project::find(dir.path()).unwrap();
        assert!(found.is_stale());
        fs::create_dir_all(found.component().parent().unwrap()).unwrap();
        fs::write(found.component(), "").unwrap();
        let later = |path: &Path, seconds: u64| {
            let at = found.newest_source().unwrap() + Duration::from_secs(seconds);
            fs::File::options().write(true).open(path).unwrap().set_modified(at).unwrap();
        };
        later(found.component(), 10);
        assert!(!found.is_stale());
        later(&dir.path().join("src/lib.rs"), 20);
        assert!(found.is_stale());
    }
}
