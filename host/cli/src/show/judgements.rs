//! What another version makes of recorded calls.

use domain::cassette::{Divergence, Tally};
use server::dto::{JudgedCassette, Judgements};

use super::inert;

pub(crate) fn all(name: &str, judged: &Judgements) -> String {
    let (version, in_use) = (inert(&judged.version), inert(&judged.in_use));
    let mut text = format!("{version} for {}, which uses {in_use}\n", inert(name));
    judged.cassettes.iter().for_each(|cassette| text.push_str(&one(cassette)));
    text.push_str(&summary(judged));
    text
}

fn one(cassette: &JudgedCassette) -> String {
    let JudgedCassette { id, connector, call, recorded, outcome, judgement, .. } = cassette;
    let ended = if recorded == outcome {
        inert(outcome)
    } else {
        format!("{} -> {}", inert(recorded), inert(outcome))
    };
    let (id, connector, call) = (inert(id), inert(connector), inert(call));
    let mut text = format!("  {id}: {} ({connector}, {call}: {ended})\n", words(judgement));
    for difference in &cassette.differences {
        let told = Divergence::from(difference.clone()).to_string();
        text.push_str(&format!("    {}\n", inert(&told)));
    }
    text
}

pub(crate) fn summary(judged: &Judgements) -> String {
    let mut text = format!("{}\n", Tally::from(judged.tally).summary());
    for (count, why) in [
        (judged.not_played, "were not played: the host had no time for them"),
        (judged.truncated, "are truncated and cannot be played"),
        (judged.left_out, "older ones were left out"),
    ] {
        if count > 0 {
            text.push_str(&format!("{count} {why}\n"));
        }
    }
    text.push_str(match judged.verdict.as_str() {
        "same" => "verdict: the same, as far as these calls tell",
        "incomplete" => "verdict: the same so far, and not all was played",
        _ => "verdict: it differs",
    });
    text
}

/// The word of a judgement for people.
pub(crate) fn words(judgement: &str) -> String {
    match judgement {
        "unrecorded" => "asks for what was not recorded".to_owned(),
        other => inert(&other.replace('_', " ")),
    }
}

#[cfg(test)]
mod tests {
    use server::dto::{Difference, JudgedTally};

    use super::*;

    #[test]
    fn each_cassette_has_a_line_and_each_difference_its_place() {
        let difference = Difference {
            host_call: Some(3),
            at: "POST https://api.shop.example/orders".to_owned(),
            place: "/body/amount".to_owned(),
            expected: "12".to_owned(),
            got: "1200\u{1b}".to_owned(),
        };
        let cassette = JudgedCassette {
            id: "01KAWB6W3M2Q0R5T7V9X1Z3B5D".to_owned(),
            at: String::new(),
            connector: "shop@1.0.0".to_owned(),
            call: "run create_order".to_owned(),
            recorded: "ok".to_owned(),
            outcome: "trap".to_owned(),
            judgement: "requests_differ".to_owned(),
            differences: vec![difference],
        };
        let tally =
            JudgedTally { same: 0, mends: 0, requests_differ: 1, outputs_differ: 0, unrecorded: 0, fails: 0 };
        let judged = Judgements {
            in_use: "shop@1.0.0".to_owned(),
            version: "shop@1.1.0".to_owned(),
            verdict: "differs".to_owned(),
            tally,
            not_played: 0,
            left_out: 2,
            truncated: 0,
            cassettes: vec![cassette],
        };
        let text = all("shop-main", &judged);
        assert!(text.starts_with("shop@1.1.0 for shop-main, which uses shop@1.0.0\n"), "{text}");
        assert!(text.contains("requests differ (shop@1.0.0, run create_order: ok -> trap)"), "{text}");
        assert!(text.contains("at /body/amount: expected 12, got 1200\\u{1b}"), "{text}");
        assert!(text.contains("1 cassette: 0 same") && text.contains("2 older ones were left out"), "{text}");
        assert!(text.ends_with("verdict: it differs"), "{text}");
    }
}
