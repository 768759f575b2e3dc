//! Which of the cassettes that a tenant keeps another version is judged by.

use super::kept::Kept;
use crate::ids::{ConnectorName, ProfileName};

/// Those that are played, and what is left aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// The newest first: what happens now counts for more than what happened.
    pub cassettes: Vec<Kept>,
    /// Of the profile, and not whole.
    pub truncated: usize,
    /// Of the profile, and older than as many as are wanted.
    pub left_out: usize,
}

impl Chosen {
    /// At most `most` of what is kept of this profile's calls, while they were calls of this connector.
    pub fn of(kept: Vec<Kept>, profile: &ProfileName, connector: &ConnectorName, most: usize) -> Self {
        let of_profile = |kept: &Kept| kept.profile == *profile && kept.connector.name == *connector;
        let (whole, truncated): (Vec<_>, Vec<_>) =
            kept.into_iter().filter(of_profile).partition(|kept| !kept.truncated);
        let mut cassettes = whole;
        cassettes.sort_by(|a, b| (b.at, &b.id).cmp(&(a.at, &a.id)));
        let left_out = cassettes.len().saturating_sub(most);
        cassettes.truncate(most);
        Self { cassettes, truncated: truncated.len(), left_out }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::ConnectorRef;
    use crate::injected::Timestamp;

    fn kept(at: i64, profile: &str, connector: &str, truncated: bool) -> Kept {
        Kept {
            id: "01KAWB6W3M2Q0R5T7V9X1Z3B5D".parse().unwrap(),
            at: Timestamp::from_ms(at),
            profile: profile.parse().unwrap(),
            connector: ConnectorRef { name: connector.parse().unwrap(), version: "1.0.0".parse().unwrap() },
            call: "check".to_owned(),
            outcome: "ok".to_owned(),
            correlation: "0123456789abcdef0123456789abcdef".parse().unwrap(),
            host_calls: 0,
            bytes: 1,
            truncated,
        }
    }

    #[test]
    fn only_whole_cassettes_of_this_profile_are_played_and_the_newest_first() {
        let all = vec![
            kept(1, "shop-eu", "shop", false),
            kept(2, "shop-us", "shop", false),
            kept(3, "shop-eu", "shop", true),
            kept(4, "shop-eu", "shop", false),
            kept(5, "shop-eu", "other", false),
            kept(6, "shop-eu", "shop", false),
        ];
        let of = |most| Chosen::of(all.clone(), &"shop-eu".parse().unwrap(), &"shop".parse().unwrap(), most);
        let at = |chosen: &Chosen| chosen.cassettes.iter().map(|kept| kept.at.as_ms()).collect::<Vec<_>>();
        assert_eq!((at(&of(9)), of(9).truncated, of(9).left_out), (vec![6, 4, 1], 1, 0));
        assert_eq!((at(&of(2)), of(2).left_out), (vec![6, 4], 1));
        assert_eq!((at(&of(0)), of(0).left_out), (vec![], 3));
    }
}
