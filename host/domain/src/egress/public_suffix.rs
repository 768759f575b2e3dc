//! Names below which strangers own names: `com`, `co.uk`, `github.io`. No wildcard stands above them.
//!
//! The list is Mozilla's, compiled in. It ages with the program, and a name that it does not know yet counts as one
//! that somebody owns: the grant of an exact host stays exact either way.

use psl::{List, Psl as _, Type};

/// A name that is nobody's own, and who hands out the names below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PublicSuffix {
    /// A registry: `com`, `co.uk`. Nothing honest answers at such a name itself.
    Registry,
    /// A company: `github.io`. The name itself may be a service, as `s3.amazonaws.com` is.
    Company,
    /// The last label of a name, on no list.
    Unknown,
}

impl PublicSuffix {
    /// What the list says of a name in lower-case A-labels; none for a name that has an owner.
    pub(super) fn of(name: &str) -> Option<Self> {
        let suffix = List.suffix(name.as_bytes())?;
        if suffix.as_bytes().len() != name.len() {
            return None;
        }
        Some(match suffix.typ() {
            Some(Type::Icann) => Self::Registry,
            Some(Type::Private) => Self::Company,
            None => Self::Unknown,
        })
    }

    pub(super) fn is_registry(name: &str) -> bool {
        Self::of(name) == Some(Self::Registry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_a_company_and_an_owner_are_told_apart() {
        for (name, expected) in [
            ("com", Some(PublicSuffix::Registry)),
            ("co.uk", Some(PublicSuffix::Registry)),
            ("com.au", Some(PublicSuffix::Registry)),
            ("anything.ck", Some(PublicSuffix::Registry)),
            ("xn--p1ai", Some(PublicSuffix::Registry)),
            ("github.io", Some(PublicSuffix::Company)),
            ("s3.amazonaws.com", Some(PublicSuffix::Company)),
            ("nosuchregistry", Some(PublicSuffix::Unknown)),
            ("example.com", None),
            ("www.ck", None),
            ("acme.github.io", None),
            ("evil.co.uk", None),
            ("a.nosuchregistry", None),
        ] {
            assert_eq!(PublicSuffix::of(name), expected, "{name}");
        }
    }
}
