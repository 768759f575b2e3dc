//! Walks from one page to the next: none skipped, and none for ever.

use super::*;
use crate::json;

fn record(key: u64) -> Record {
    Record { key: key.to_string(), body: json!({}) }
}

/// All keys of a walk until its end, and where it would go on.
fn walk(mut poll: impl FnMut(Option<Value>) -> Result<Page, Error>) -> (Vec<String>, Option<Value>) {
    let (mut keys, mut cursor) = (Vec::new(), None);
    for _ in 0..100 {
        let page = poll(cursor).unwrap();
        keys.extend(page.records.into_iter().map(|record| record.key));
        cursor = page.next;
        if !page.more {
            return (keys, cursor);
        }
    }
    panic!("it never ends");
}

#[test]
fn every_way_reads_a_list_whole() {
    let items: Vec<u64> = (0..25).collect();
    let all: Vec<String> = items.iter().map(u64::to_string).collect();
    let from = |start: usize| items.iter().skip(start).take(10).map(|key| record(*key)).collect::<Vec<_>>();

    let tokens = |at_end| {
        walk(|cursor| {
            by_token(cursor, at_end, |token| {
                let start = token.map_or(0, |token| token.parse().unwrap());
                Ok((from(start), (start + 10 < 25).then(|| (start + 10).to_string())))
            })
        })
    };
    assert_eq!(tokens(AtEnd::Again), (all.clone(), Some(json!({}))));
    assert_eq!(tokens(AtEnd::Here), (all.clone(), Some(json!({"after": "20"}))));

    let links = walk(|cursor| {
        by_link(cursor, "https://a.example/0", AtEnd::Again, |url| {
            let start: usize = url.rsplit('/').next().unwrap().parse().unwrap();
            Ok((from(start), (start + 10 < 25).then(|| format!("https://a.example/{}", start + 10))))
        })
    });
    assert_eq!(links, (all.clone(), Some(json!({}))));

    let numbers = walk(|cursor| {
        by_number(cursor, 1, AtEnd::Here, |page| Ok((from((page as usize - 1) * 10), page < 3)))
    });
    assert_eq!(numbers, (all.clone(), Some(json!({"page": 3}))));

    let offsets = walk(|cursor| {
        by_offset(cursor, AtEnd::Here, |offset| {
            let found = from(offset as usize);
            let passed = found.len() as u64;
            Ok((found, passed, offset + passed < 25))
        })
    });
    assert_eq!(offsets, (all, Some(json!({"offset": 25}))));
}

#[test]
fn a_remote_that_leads_in_a_circle_is_not_followed() {
    let token =
        by_token(Some(json!({"after": "a"})), AtEnd::Again, |_| Ok((Vec::new(), Some("a".to_owned()))));
    let link =
        by_link(None, "https://a.example/", AtEnd::Again, |url| Ok((Vec::new(), Some(url.to_owned()))));
    let offset = by_offset(None, AtEnd::Again, |_| Ok((Vec::new(), 0, true)));
    for circle in [token, link, offset] {
        assert!(matches!(circle, Err(Error::Permanent(_))), "{circle:?}");
    }
}

#[test]
fn a_cursor_of_another_trigger_is_an_error_and_not_a_fresh_start() {
    let error = by_number(Some(json!({"page": "three"})), 1, AtEnd::Again, |_| Ok((Vec::new(), false)));
    assert!(matches!(error, Err(Error::Permanent(message)) if message.contains("cursor")));
}

#[test]
fn the_ids_of_one_time_are_kept_and_their_number_is_bounded() {
    let ids: Vec<String> = (0..250).map(|id| id.to_string()).collect();
    let here = Since { since_ms: 5, ..Since::default() };
    let next = here.behind(ids.iter().map(|id| (5, &**id)), Some("t".to_owned()));
    assert_eq!((next.seen.len(), next.after.as_deref()), (100, Some("t")));
    assert!(!next.is_new("249"));
}
