//! Names of the document in the grammar of the manifest.

use std::collections::BTreeSet;

use domain::text::is_hidden;

const NAME_CHARS_MAX: usize = 60;
const TITLE_CHARS_MAX: usize = 120;

/// Lower-case words with `_` between them, beginning with a letter.
pub(crate) fn snake(text: &str) -> String {
    let mut name = String::new();
    let mut before = ' ';
    let chars: Vec<char> = text.chars().collect();
    for (i, &c) in chars.iter().enumerate() {
        if !c.is_ascii_alphanumeric() {
            before = c;
            continue;
        }
        // A word begins behind anything else, at a capital behind a small letter, and at the last capital of several.
        let next_is_small = chars.get(i + 1).is_some_and(char::is_ascii_lowercase);
        let begins = !before.is_ascii_alphanumeric()
            || (c.is_ascii_uppercase()
                && (before.is_ascii_lowercase()
                    || before.is_ascii_digit()
                    || (before.is_ascii_uppercase() && next_is_small)));
        if begins && !name.is_empty() {
            name.push('_');
        }
        name.push(c.to_ascii_lowercase());
        before = c;
    }
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) {
        name.insert_str(0, if name.is_empty() { "unnamed" } else { "n_" });
    }
    name.truncate(NAME_CHARS_MAX);
    name.trim_end_matches('_').to_owned()
}

/// The same with hyphens.
pub(crate) fn slug(text: &str) -> String {
    snake(text).replace('_', "-")
}

/// The name, or the name with the first number behind it that nobody has yet.
pub(crate) fn unique(name: String, taken: &mut BTreeSet<String>) -> String {
    let numbered = (2_usize..).map(|number| format!("{name}_{number}"));
    let free = std::iter::once(name.clone()).chain(numbered).find(|name| !taken.contains(name));
    let name = free.unwrap_or(name);
    taken.insert(name.clone());
    name
}

/// One line for people.
pub(crate) fn title(text: &str) -> Option<String> {
    let first = text.trim().lines().next().unwrap_or_default();
    let clean: String = first.chars().map(|c| if is_hidden(c) { ' ' } else { c }).collect();
    let clean = clean.split_whitespace().collect::<Vec<_>>().join(" ");
    if clean.is_empty() {
        return None;
    }
    if clean.chars().count() <= TITLE_CHARS_MAX {
        return Some(clean);
    }
    let cut: String = clean.chars().take(TITLE_CHARS_MAX - 1).collect();
    Some(format!("{}…", cut.trim_end()))
}

/// A name as a line for people.
pub(crate) fn spoken(name: &str) -> String {
    let words = name.replace(['_', '-'], " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_words_with_underscores() {
        for (text, name) in [
            ("listPets", "list_pets"),
            ("repos/list-for-org", "repos_list_for_org"),
            ("GetHTTPStatus", "get_http_status"),
            ("v1.Pods.list", "v1_pods_list"),
            ("get /pets/{petId}", "get_pets_pet_id"),
            ("3d-models", "n_3d_models"),
            ("", "unnamed"),
            ("überblick", "berblick"),
            ("OAuth2Token", "o_auth2_token"),
        ] {
            assert_eq!(snake(text), name, "{text}");
        }
        assert!(snake(&"a_".repeat(100)).len() <= NAME_CHARS_MAX);
    }

    #[test]
    fn a_name_that_is_taken_gets_a_number() {
        let mut taken = BTreeSet::new();
        let names: Vec<_> = (0..3).map(|_| unique("a".to_owned(), &mut taken)).collect();
        assert_eq!(names, ["a", "a_2", "a_3"]);
    }

    #[test]
    fn a_title_is_one_short_line() {
        assert_eq!(title(" List  pets.\nAll of them").as_deref(), Some("List pets."));
        assert_eq!(title("a\u{202e}b").as_deref(), Some("a b"));
        assert_eq!(title(&"x".repeat(500)).unwrap().chars().count(), TITLE_CHARS_MAX);
        assert_eq!(title(" \n"), None);
        assert_eq!(spoken("list_pets"), "List pets");
    }
}
