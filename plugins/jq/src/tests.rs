//! What the language does with records, and what it does not offer.

use lockgate_sdk::{Value, json};

use super::*;

fn map(program: &str, record: Value) -> Result<Option<Value>, Error> {
    let mut results = Jq::transform(program, vec![record.to_string()]);
    assert_eq!(results.len(), 1);
    let mapped = results.remove(0)?;
    Ok(mapped.map(|text| serde_json::from_str(&text).expect("a result is JSON")))
}

fn invalid(program: &str, record: Value) -> String {
    match map(program, record) {
        Err(Error::Invalid(message)) => message,
        other => panic!("{program:?} gave {other:?}"),
    }
}

const INVOICE: &str = r#"{customer: {email: .contact.email, name: .contact.company, external_id: .contact.id}, currency: (.currency | ascii_downcase), lines: [{amount_cents: (.amount | split(".") | ((.[0] | tonumber) * 10000 + ((.[1] + "0000")[0:4] | tonumber) + 50) / 100 | floor), description: .name}], metadata: {deal_id: .deal_id}}"#;

fn deal(amount: &str) -> Value {
    json!({
        "deal_id": "10248", "name": "Order 10248", "amount": amount, "currency": "USD",
        "contact": {"id": "501", "email": "vinet@example.com", "company": "Vins et alcools Chevalier"}
    })
}

#[test]
fn a_deal_becomes_an_invoice() {
    assert_eq!(
        map(INVOICE, deal("440.0000")),
        Ok(Some(json!({
            "customer": {
                "email": "vinet@example.com", "name": "Vins et alcools Chevalier", "external_id": "501"
            },
            "currency": "usd",
            "lines": [{"amount_cents": 44000, "description": "Order 10248"}],
            "metadata": {"deal_id": "10248"}
        })))
    );
}

#[test]
fn money_is_rounded_half_up_without_binary_fractions() {
    for (amount, cents) in [
        ("4451.7050", 445_171),
        ("1863.4000", 186_340),
        ("0.0049", 0),
        ("0.0050", 1),
        ("12.5", 1250),
        ("100", 10_000),
        ("7.0099", 701),
        ("16387.5000", 1_638_750),
        ("99999999.9949", 9_999_999_999_i64),
        ("99999999.9950", 10_000_000_000),
    ] {
        let invoice = map(INVOICE, deal(amount)).expect("the mapping works").expect("one result");
        assert_eq!(invoice["lines"][0]["amount_cents"], json!(cents), "{amount}");
    }
}

#[test]
fn no_output_drops_the_record_and_one_maps_it() {
    assert_eq!(map("select(.stage == \"closedwon\")", json!({"stage": "lost"})), Ok(None));
    assert_eq!(map("empty", json!(1)), Ok(None));
    assert_eq!(map("{a: .b}", json!({"b": null})), Ok(Some(json!({"a": null}))));
}

#[test]
fn more_than_one_output_is_an_error() {
    assert!(invalid(".[]", json!([1, 2])).contains("more than one"));
    assert!(invalid("repeat(1)", json!(null)).contains("more than one"));
}

#[test]
fn every_record_has_its_own_result_in_order() {
    let records = ["1", "\"x\"", "3"].map(str::to_owned).to_vec();
    let results = Jq::transform(". + 1 | if . == 2 then empty else . end", records);
    assert_eq!(results.first(), Some(&Ok(None)));
    assert!(matches!(results.get(1), Some(Err(Error::Invalid(_)))));
    assert_eq!(results.get(2), Some(&Ok(Some("4".to_owned()))));
}

#[test]
fn integers_and_decimals_keep_every_digit() {
    for text in ["18446744073709551615", "9007199254740993", "4451.7050", "-0.10", "1e308"] {
        let results = Jq::transform(".n", vec![format!("{{\"n\":{text}}}")]);
        assert_eq!(results, [Ok(Some(text.to_owned()))]);
    }
    let sum = Jq::transform(".a + .b", vec!["{\"a\":9007199254740993,\"b\":1}".to_owned()]);
    assert_eq!(sum, [Ok(Some("9007199254740994".to_owned()))]);
}

#[test]
fn text_keeps_its_characters() {
    let name = json!("Frédérique \u{1F377} \"quoted\" \u{7}");
    assert_eq!(map(".", name.clone()), Ok(Some(name)));
    assert_eq!(map("ascii_downcase | sub(\"é\"; \"e\")", json!("Été")), Ok(Some(json!("Éte"))));
}

#[test]
fn dates_and_patterns_work() {
    assert_eq!(map("fromdateiso8601", json!("1996-07-16T00:00:00Z")), Ok(Some(json!(837_475_200))));
    assert_eq!(map("test(\"^[a-z]+@\")", json!("ada@example.com")), Ok(Some(json!(true))));
    assert_eq!(map("@base64", json!("a")), Ok(Some(json!("YQ=="))));
    assert_eq!(map("with_entries(.value += 1)", json!({"a": 1})), Ok(Some(json!({"a": 2}))));
}

#[test]
fn nothing_ambient_is_bound() {
    for program in [
        "env",
        "$ENV",
        "$ENV.PATH",
        "env.PATH",
        "now",
        "input",
        "inputs",
        "debug",
        "debug(\"x\")",
        "stderr",
        "input_filename",
        "halt",
        "halt(1)",
        "halt_error",
        "halt_error(1)",
        "localtime",
        "strflocaltime(\"%Y\")",
        "get_search_list",
        "$__prog_args",
        "$ARGS",
    ] {
        let message = invalid(program, json!(null));
        assert!(message.contains("line 1, column 1"), "{program}: {message}");
    }
    for program in
        ["include \"x\"; .", "import \"x\" as x; .", "import \"x\" as $x; $x", "import \"x\" as $x; ."]
    {
        assert!(invalid(program, json!(null)).contains("no modules"), "{program}");
    }
}

#[test]
fn a_broken_program_is_named_with_its_place() {
    let message = invalid("{a: .b,\n c: nosuch(1)}", json!({}));
    assert!(message.contains("line 2, column 5") && message.contains("nosuch/1"), "{message}");
    let message = invalid(".a |\n  {b: [1, }", json!({}));
    assert!(message.contains("line 2"), "{message}");
    assert!(invalid("", json!({})).contains("end"));
    assert!(invalid(".a ]", json!({})).contains("column 4"));
}

#[test]
fn an_error_of_a_program_is_short_whatever_the_record_holds() {
    let message = invalid(".text + 1", json!({"text": "x".repeat(1_000_000)}));
    assert!(message.contains("cannot calculate"), "{message}");
    assert!(message.chars().count() < 300);
    assert_eq!(invalid("error(\"no contact\")", json!(null)), "the program failed: no contact");
    assert!(invalid("error", json!("é".repeat(10_000))).chars().count() < 300);
    assert!(invalid(&format!(".{}", "é".repeat(1_000)), json!({})).chars().count() < 500);
}

#[test]
fn what_has_no_json_text_is_an_error() {
    for program in [
        "nan",
        "infinite",
        "{(1|tostring|tobytes): 1}",
        "tobytes",
        "{a: [-infinite]}",
        "1e1000",
        "[{a: -1e400}]",
        "18446744073709551616",
        "{\"n\": [-9223372036854775809]}",
        "reduce range(200) as $n (1; [.])",
    ] {
        assert!(invalid(program, json!("x")).contains("not JSON"), "{program}");
    }
    // Digits in a text, and a double that is large, are what they are.
    for program in ["{a: \"18446744073709551616\", b: 1e300, c: \"\\\"99999999999999999999\"}", "1.5e30"] {
        assert!(matches!(map(program, json!(null)), Ok(Some(_))), "{program}");
    }
    let deep = map("reduce range(100) as $n (1; [.])", json!(null)).expect("a result that the host reads");
    assert!(deep.is_some());
}

#[test]
fn a_record_that_is_not_json_or_too_deep_is_an_error() {
    for record in ["", "{", "NaN", "[1] [2]", "# comment", "b\"x\"", "+1"] {
        assert!(
            matches!(&*Jq::transform(".", vec![record.to_owned()]), [Err(Error::Invalid(_))]),
            "{record}"
        );
    }
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(matches!(&*Jq::transform(".", vec![nested(10_000)]), [Err(Error::Invalid(_))]));
    assert_eq!(Jq::transform(".", vec![nested(100)]), [Ok(Some(nested(100)))]);
    let brackets = json!("[".repeat(1_000) + "\\\"");
    assert_eq!(map(".", brackets.clone()), Ok(Some(brackets)));
}

#[test]
fn a_program_that_is_too_long_is_refused() {
    let message = invalid(&" ".repeat(100_000), json!(null));
    assert!(message.contains("65536"), "{message}");
}
