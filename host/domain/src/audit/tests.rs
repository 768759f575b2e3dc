//! Tests of the audit chain.

use super::*;
use crate::ids::TenantId;

const FIELDS: &[&str] = &["grant.hosts", "grant.scopes"];

fn chain() -> Chain {
    Chain::Tenant("acme".parse::<TenantId>().unwrap())
}

/// Stands for a keyed hash: the store brings the real one.
fn keyed(bytes: &[u8]) -> EntryDigest {
    Digest::of(&[b"key".as_slice(), bytes].concat()).as_str().parse().unwrap()
}

fn happening(at_ms: i64) -> Happening {
    let subject = Subject::profile(&"crm".parse().unwrap());
    Happening::new(Timestamp::from_ms(at_ms), Actor::Library, Verb::ProfileGranted, subject).changing(FIELDS)
}

fn entries(count: u64) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    for at_ms in 0..count {
        let head = entries.last().map(Entry::as_head);
        let happening = happening(i64::try_from(at_ms).unwrap());
        entries.push(Entry::following(head.as_ref(), &chain(), happening, &keyed));
    }
    entries
}

fn verify(
    entries: &[(u64, Entry)],
    head: Option<&Head>,
    noted: Option<&Head>,
) -> Result<Option<Head>, Break> {
    let chain = chain();
    let mut verifier = Verifier::new(&chain, &keyed, noted);
    for (number, entry) in entries {
        verifier.read(*number, Some(entry))?;
    }
    verifier.end(head)
}

fn numbered(entries: &[Entry]) -> Vec<(u64, Entry)> {
    entries.iter().map(|entry| (entry.number, entry.clone())).collect()
}

#[test]
fn a_chain_that_nobody_touched_is_whole() {
    let entries = entries(5);
    let head = entries.last().unwrap().as_head();
    assert_eq!(verify(&numbered(&entries), Some(&head), None), Ok(Some(head.clone())));
    assert_eq!(verify(&numbered(&entries), Some(&head), Some(&entries[2].as_head())), Ok(Some(head)));
    assert_eq!(verify(&[], None, None), Ok(None));
}

#[test]
fn every_edited_part_of_an_entry_is_found_at_its_number() {
    let whole = entries(3);
    let head = whole[2].as_head();
    let edits: [fn(&mut Entry); 9] = [
        |entry| entry.at = Timestamp::from_ms(7),
        |entry| entry.actor = "schedule".to_owned(),
        |entry| entry.verb = "profile.revoked".to_owned(),
        |entry| entry.subject.name.push('x'),
        |entry| entry.subject.noun = "flow".to_owned(),
        |entry| entry.changed = vec!["grant.hostsgrant.scopes".to_owned()],
        |entry| entry.outcome = "denied".to_owned(),
        |entry| entry.previous = None,
        |entry| entry.digest = EntryDigest::from_bytes([7; 32]),
    ];
    for edit in edits {
        let mut entries = whole.clone();
        edit(&mut entries[1]);
        let found = verify(&numbered(&entries), Some(&head), None).unwrap_err();
        assert_eq!(found, Break { number: 2, wrong: Wrong::Edited });
    }
}

#[test]
fn what_is_missing_swapped_or_cut_off_is_found_at_its_number() {
    let whole = entries(4);
    let head = whole[3].as_head();
    let found = |entries: &[(u64, Entry)], head: Option<&Head>| {
        let broken = verify(entries, head, None).unwrap_err();
        (broken.number, broken.wrong)
    };
    let mut gap = numbered(&whole);
    gap.remove(1);
    assert_eq!(found(&gap, Some(&head)), (2, Wrong::Missing));
    let mut swapped = numbered(&whole);
    (swapped[1].1, swapped[2].1) = (whole[2].clone(), whole[1].clone());
    assert_eq!(found(&swapped, Some(&head)), (2, Wrong::OutOfOrder));
    assert_eq!(found(&numbered(&whole[..3]), Some(&head)), (4, Wrong::Missing));
    assert_eq!(found(&[], Some(&head)), (1, Wrong::Missing));
    assert_eq!(found(&numbered(&whole), Some(&whole[2].as_head())), (4, Wrong::BeyondHead));
    assert_eq!(found(&numbered(&whole), None), (1, Wrong::BeyondHead));
    let other = Head { number: 4, digest: EntryDigest::from_bytes([1; 32]) };
    assert_eq!(found(&numbered(&whole), Some(&other)), (4, Wrong::HeadDoesNotFit));
}

#[test]
fn a_noted_head_finds_what_the_chain_alone_cannot_tell() {
    let before = entries(4);
    let noted = before[3].as_head();
    let short = numbered(&before[..2]);
    let broken = verify(&short, Some(&before[1].as_head()), Some(&noted)).unwrap_err();
    assert_eq!(broken, Break { number: 3, wrong: Wrong::RolledBack });

    let mut other = before[..2].to_vec();
    for at_ms in [90, 91, 92] {
        let head = other.last().map(Entry::as_head);
        other.push(Entry::following(head.as_ref(), &chain(), happening(at_ms), &keyed));
    }
    let head = other[4].as_head();
    assert!(verify(&numbered(&other), Some(&head), None).is_ok(), "the new history is whole in itself");
    let broken = verify(&numbered(&other), Some(&head), Some(&noted)).unwrap_err();
    assert_eq!(broken, Break { number: 4, wrong: Wrong::NotAsNoted });
}

#[test]
fn an_entry_of_one_chain_is_none_of_another() {
    let entry = &entries(1)[0];
    let other = Chain::Tenant("globex".parse().unwrap());
    let broken = Verifier::new(&other, &keyed, None).read(1, Some(entry)).unwrap_err();
    assert_eq!(broken.wrong, Wrong::Edited);
    assert_ne!(Chain::Tenant("host".parse().unwrap()).to_string(), Chain::Host.to_string());
}

#[test]
fn names_and_codes_are_bounded_whoever_chose_them() {
    let long = "\u{1b}[2J".repeat(1_000);
    let subject = Subject::action(&"crm".parse().unwrap(), &long);
    assert!(subject.name.len() <= 2 * NAME_BYTES_MAX && !subject.name.contains('\u{1b}'), "{}", subject.name);
    let outcome = |code: &str| happening(0).failed(code).outcome;
    assert_eq!(outcome("wall_limit"), "wall_limit");
    for odd in ["", "sk_live key", "completed", &"a".repeat(65)] {
        assert_eq!(outcome(odd), "other", "{odd:?}");
    }
}

#[test]
fn a_head_is_written_as_it_is_read() {
    let head = entries(2)[1].as_head();
    assert_eq!(head.to_string().parse(), Ok(head.clone()));
    for bad in ["", "2", ":", "0:", &format!("0:{}", head.digest), "2:abc", &format!("-2:{}", head.digest)] {
        assert!(bad.parse::<Head>().is_err(), "{bad}");
    }
}

#[test]
fn every_verb_has_a_word_of_its_own() {
    let words: std::collections::BTreeSet<_> = Verb::ALL.iter().map(|verb| verb.as_str()).collect();
    assert_eq!(words.len(), Verb::ALL.len());
    let plain = |c: char| c.is_ascii_lowercase() || c == '_' || c == '.';
    assert!(words.iter().all(|word| word.split('.').count() == 2 && word.chars().all(plain)), "{words:?}");
}
