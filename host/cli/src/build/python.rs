//! Python: componentize-py, in a virtual environment of the project, puts it beside an interpreter.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use super::tool;
use crate::failure::Failure;
use crate::files;
use crate::project::Project;
use crate::screen;

const GET_PYTHON: &str = "get Python 3.10 or newer from https://python.org";
const GET_VENV: &str = "on Debian and Ubuntu, `apt install python3-venv` gets what is missing";
const COMPONENTIZE: &str = "componentize-py==0.25.1";
/// The module that defines `Connector`.
const MODULE: &str = "connector";
/// Says what pip has put into the environment.
const INSTALLED: &str = "lockgate-installed";

/// What the build wants to know of `pyproject.toml`.
#[derive(Debug, PartialEq, Eq)]
struct Wanted {
    /// The folder of the SDK, from the project's.
    sdk: String,
    /// For pip.
    packages: Vec<String>,
}

pub(super) fn build(project: &Project) -> Result<PathBuf, Failure> {
    let folder = &project.folder;
    let wanted = wanted(&files::read_text(&folder.join("pyproject.toml"))?)?;
    if !folder.join("src").join(format!("{MODULE}.py")).is_file() {
        return Err(
            anyhow::anyhow!("there is no src/{MODULE}.py: the module that defines `Connector`").into()
        );
    }
    let sdk = folder.join(&wanted.sdk);
    // In a project as in a checkout, the contract lies beside the SDKs.
    let wit = sdk.join("../../wit/v0");
    if !sdk.join("src/lockgate_sdk").is_dir() || !wit.is_dir() {
        return Err(anyhow::anyhow!(
            "{} is not the Python SDK; `sdk` in [tool.lockgate] of pyproject.toml says where it is",
            sdk.display()
        )
        .into());
    }
    let tool = installed(folder, &wanted.packages)?;
    let component = project.component();
    if let Some(folder) = component.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    }
    screen::note("putting it beside an interpreter: some ten seconds");
    let mut componentize = Command::new(tool);
    componentize.current_dir(folder).env("VIRTUAL_ENV", folder.join(".venv"));
    // What is wrong stands before the traces of its inner works, which help nobody.
    componentize.env("RUST_BACKTRACE", "0").env("RUST_LIB_BACKTRACE", "0");
    componentize.args(["--quiet", "--wit-path"]).arg(&wit).args([
        "--world",
        "connector-component",
        "componentize",
    ]);
    componentize.args(["--python-path", "src", "--python-path"]).arg(sdk.join("src"));
    componentize.args([MODULE, "--output"]).arg(component);
    tool::run(&mut componentize, GET_PYTHON)?;
    Ok(component.to_owned())
}

/// componentize-py of the project's environment, which is made, or brought up to date, where it has to be.
fn installed(folder: &Path, packages: &[String]) -> Result<PathBuf, Failure> {
    let venv = folder.join(".venv");
    let programs = venv.join(if cfg!(windows) { "Scripts" } else { "bin" });
    let tool = programs.join("componentize-py");
    let list = packages.join("\n");
    let note = venv.join(INSTALLED);
    if files::read_text(&note).is_ok_and(|present| present == list) {
        return Ok(tool);
    }
    if !venv.is_dir() {
        let python = python(folder)?;
        screen::note(&format!("there is no .venv yet: {python} -m venv .venv"));
        tool::run(Command::new(python).current_dir(folder).args(["-m", "venv", ".venv"]), GET_VENV)?;
    }
    screen::note(&format!("installing what pyproject.toml names: pip install {}", packages.join(" ")));
    let mut pip = Command::new(programs.join("python"));
    pip.current_dir(folder).args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
    tool::run(pip.args(packages), GET_VENV)?;
    files::write_private(&note, &list)?;
    Ok(tool)
}

/// A Python that is new enough, by the name under which it is found.
fn python(folder: &Path) -> Result<&'static str, Failure> {
    let told = "import sys; print(int(sys.version_info >= (3, 10)))";
    for name in ["python3", "python"] {
        let mut command = Command::new(name);
        let answer = tool::ask(command.current_dir(folder).args(["-c", told]), GET_PYTHON);
        if answer.is_ok_and(|answer| answer.is_some_and(|text| text.trim() == "1")) {
            return Ok(name);
        }
    }
    Err(anyhow::anyhow!("there is no Python that is new enough; {GET_PYTHON}").into())
}

fn wanted(pyproject: &str) -> anyhow::Result<Wanted> {
    let table: toml::Table = pyproject.parse().context("reading pyproject.toml")?;
    let at = |path: &[&str]| {
        let (first, rest) = path.split_first()?;
        rest.iter().try_fold(table.get(*first)?, |value, name| value.get(name))
    };
    let texts = |path: &[&str]| -> Vec<String> {
        let list = at(path).and_then(toml::Value::as_array).into_iter().flatten();
        list.filter_map(toml::Value::as_str).map(str::to_owned).collect()
    };
    let sdk = at(&["tool", "lockgate", "sdk"]).and_then(toml::Value::as_str).context(
        "pyproject.toml does not say where the SDK is: `[tool.lockgate]` with `sdk = \"lockgate/sdk-guest/python\"`",
    )?;
    let mut packages = texts(&["dependency-groups", "build"]);
    if !packages.iter().any(|package| package.starts_with("componentize-py")) {
        packages.push(COMPONENTIZE.to_owned());
    }
    packages.extend(texts(&["project", "dependencies"]));
    // The SDK is found by its path.
    packages.retain(|package| !package.starts_with("lockgate-sdk") && !package.starts_with('-'));
    Ok(Wanted { sdk: sdk.to_owned(), packages })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_project_needs_is_read_from_its_manifest() {
        let text = "[project]\ndependencies = [\"jinja2==3.1.6\", \"lockgate-sdk\", \"--index-url=https://e.example\"]\n\
                    [tool.lockgate]\nsdk = \"lockgate/sdk-guest/python\"\n";
        let wanted = wanted(text).unwrap();
        assert_eq!(wanted.sdk, "lockgate/sdk-guest/python");
        assert_eq!(wanted.packages, [COMPONENTIZE, "jinja2==3.1.6"]);
    }

    #[test]
    fn the_tool_is_the_one_that_the_project_names() {
        let text =
            "[dependency-groups]\nbuild = [\"componentize-py==0.26.0\"]\n[tool.lockgate]\nsdk = \"x\"\n";
        assert_eq!(wanted(text).unwrap().packages, ["componentize-py==0.26.0"]);
        assert!(wanted("[project]\n").unwrap_err().to_string().contains("[tool.lockgate]"));
    }
}
