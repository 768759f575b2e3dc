//! The released contract does not change: a component that was compiled for it years ago is still to run.

use std::path::Path;

use lockgate::domain::Digest;

/// Each released version of the WIT package, and the digest of its text without comments and white space. Lines are added
/// here and never changed.
const RELEASED: &[(&str, &str)] =
    &[("0.1.0", "ee65d4503296b025717a6b3b3abc1951bffaa235cfe8fa1cc06ba787b0b04a94")];

const RULE: &str = "\
A released contract never changes, because components that were compiled for it keep running. See `wit/README.md`:
- something more (a function, an interface): mark it `@since(version = ...)`, move the version of every file of `wit/v0` and
  of `wit::PACKAGE` to the next one, and when that is released, keep its text in `tests/guests/contracts/VERSION`, a guest
  made from it, and its digest here;
- anything else (a field, a case, a parameter, a name): a new folder `wit/v1`.";

/// The version that the files of a folder say that they are of, and what they say without comments and white space.
fn read(folder: &Path) -> (String, String) {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("a folder can be listed").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "wit"))
        .collect();
    files.sort();
    let (mut versions, mut meaning) = (Vec::new(), String::new());
    for path in files {
        let text = std::fs::read_to_string(&path).expect("a contract is text");
        let package = text.lines().find_map(|line| line.strip_prefix("package lockgate:connector@"));
        versions.push(package.expect("a file names its package").trim_end_matches(';').to_owned());
        let words = text.lines().map(|line| line.split("//").next().unwrap_or_default());
        meaning.push_str(&path.file_name().expect("a name").to_string_lossy());
        meaning.extend(words.flat_map(|words| words.split_whitespace()).flat_map(|word| [" ", word]));
        meaning.push('\n');
    }
    versions.dedup();
    assert_eq!(versions.len(), 1, "all files of {} are of one version", folder.display());
    (versions.remove(0), meaning)
}

#[test]
fn the_text_of_a_released_contract_is_kept_as_it_was() {
    for (version, digest) in RELEASED {
        let (found, meaning) = read(&super::top().join("tests/guests/contracts").join(version));
        assert_eq!(found, *version);
        assert_eq!(
            Digest::of(meaning.as_bytes()).to_string(),
            *digest,
            "the kept text of {version} was changed. {RULE}"
        );
        let guest = format!("contract_{}.rs", version.replace('.', "_"));
        assert!(
            super::top().join("tests/guests/examples").join(&guest).is_file(),
            "no guest {guest} is made from {version}"
        );
    }
}

#[test]
fn the_contract_does_not_change_without_another_version() {
    let (version, meaning) = read(&super::top().join("wit/v0"));
    assert!(
        wit::PACKAGE.ends_with(&format!("@{version}")),
        "`wit::PACKAGE` says {}, `wit/v0` {version}",
        wit::PACKAGE
    );
    if let Some((_, digest)) = RELEASED.iter().find(|(released, _)| *released == version) {
        assert_eq!(
            Digest::of(meaning.as_bytes()).to_string(),
            *digest,
            "`wit/v0` is not what {version} was. {RULE}"
        );
    }
}

#[test]
fn everything_of_a_released_contract_is_in_the_one_of_today() {
    let (today, meaning) = read(&super::top().join("wit/v0"));
    for (version, _) in RELEASED {
        let (_, then) = read(&super::top().join("tests/guests/contracts").join(version));
        // Declarations are whole between semicolons and braces, so each is found again word by word.
        for file in then.lines() {
            let name = file.split(' ').next().unwrap_or_default();
            let now = meaning.lines().find(|line| line.starts_with(name));
            let now = now.unwrap_or_else(|| panic!("{name} of {version} is gone from {today}. {RULE}"));
            let words: Vec<&str> =
                file.split(';').map(str::trim).filter(|words| !words.contains("package")).collect();
            for declared in words {
                assert!(
                    now.contains(declared),
                    "{name}: {declared:?} of {version} is gone from {today}. {RULE}"
                );
            }
        }
    }
}
