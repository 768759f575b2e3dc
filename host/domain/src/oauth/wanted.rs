//! Which of the provider's scopes a profile needs: those of what was granted to it, and no more.

use std::collections::BTreeSet;

use wit::Oauth2;

use crate::ids::ScopeName;

/// What is asked for at the consent.
pub fn wanted(scheme: &Oauth2, granted: &BTreeSet<ScopeName>) -> BTreeSet<String> {
    let of_granted = granted.iter().filter_map(|scope| scheme.scopes.get(scope.as_str())).flatten();
    scheme.base_scopes.iter().chain(of_granted).cloned().collect()
}

/// Whether the provider granted all that these scopes of the manifest need; if not, what is missing. Without a word of
/// the provider, nothing is known to be missing.
pub fn covered<'a>(
    scheme: &Oauth2,
    needed: impl IntoIterator<Item = &'a str>,
    provider_scopes: Option<&BTreeSet<String>>,
) -> Result<(), BTreeSet<String>> {
    let Some(held) = provider_scopes else { return Ok(()) };
    let needed = needed.into_iter().filter_map(|scope| scheme.scopes.get(scope)).flatten();
    let missing: BTreeSet<_> = needed.filter(|scope| !held.contains(*scope)).cloned().collect();
    if missing.is_empty() { Ok(()) } else { Err(missing) }
}

#[cfg(test)]
mod tests {
    use wit::Oauth2Grant;

    use super::*;

    #[test]
    fn only_what_was_granted_is_asked_for() {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let scheme = Oauth2 {
            scopes: [
                ("contacts:read".to_owned(), words(&["crm.contacts.read"])),
                ("contacts:write".to_owned(), words(&["crm.contacts.write", "crm.lists.write"])),
            ]
            .into(),
            base_scopes: words(&["offline_access"]),
            ..Oauth2::new(Oauth2Grant::AuthorizationCode, "https://a.example/token")
        };
        let granted = BTreeSet::from(["contacts:read".parse().unwrap(), "other".parse().unwrap()]);
        let asked = wanted(&scheme, &granted);
        assert_eq!(asked, words(&["crm.contacts.read", "offline_access"]).into_iter().collect());
        assert_eq!(covered(&scheme, ["contacts:read", "other"], Some(&asked)), Ok(()));
        let missing = covered(&scheme, ["contacts:write"], Some(&asked)).unwrap_err();
        assert_eq!(missing.len(), 2);
        assert_eq!(covered(&scheme, ["contacts:write"], None), Ok(()));
    }
}
