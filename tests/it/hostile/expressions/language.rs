//! What an expression can say: nothing of the world outside its record, and one well-defined thing about every value.

use lockgate::domain::{Clock, Randomness, Timestamp};

use super::*;

/// The record that most programs below are given.
const RECORD: &str = r#"{"a":{"b":1,"c":[1,2]},"t":true,"n":null,"s":"x"}"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_the_world_outside_the_record_has_a_name() {
    let jq = Jq::new().await;
    for name in [
        "env",
        "env.PATH",
        "$ENV",
        "$ENV.PATH",
        "$__prog_args",
        "$ARGS",
        "$__loc__",
        "input",
        "inputs",
        "input_filename",
        "input_line_number",
        "debug",
        "debug(\"x\")",
        "stderr",
        "halt",
        "halt(1)",
        "halt_error",
        "halt_error(1)",
        "now",
        "localtime",
        "strflocaltime(\"%Y\")",
        "get_search_list",
        "modulemeta",
        "getenv(\"PATH\")",
        "read_file(\"/etc/passwd\")",
        "system(\"id\")",
        "repl",
        "random",
        // What other engines would call the rest of a flow.
        "$secret",
        "$secrets",
        "$credential",
        "$profile",
        "$config",
        "$tenant",
        "$flow",
        "$steps",
        "$source",
        "$vars",
    ] {
        let message = jq.refuses(name, RECORD).await;
        assert!(
            message.contains("line 1, column 1") && message.contains("there is no "),
            "{name}: {message}"
        );
    }
    for program in ["include \"x\"; .", "import \"x\" as x; x::f", "import \"/etc/passwd\" as $x; $x"] {
        assert!(jq.refuses(program, RECORD).await.contains("no modules"), "{program}");
    }
    // These only read the record.
    assert_eq!(jq.gives("getpath([\"..\", \"secret\"])", RECORD).await, "null");
    assert_eq!(jq.gives("[.secret, .env, .config, .credential]", RECORD).await, "[null,null,null,null]");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_sees_its_record_and_none_of_the_others() {
    let jq = Jq::new().await;
    let mapping = Mapping { jq: "[.. | strings]".to_owned() };
    let records = ["canary-one", "canary-two"].map(|canary| format!("{{\"s\":\"{canary}\"}}"));
    let results = jq.tenant.try_mapping(&mapping, &records).await.unwrap();
    assert_eq!(results, [Ok(Some("[\"canary-one\"]".to_owned())), Ok(Some("[\"canary-two\"]".to_owned()))]);
    // Nor those of an earlier call, nor another tenant's.
    let other = jq.host.tenant("other").unwrap();
    let results = other.try_mapping(&mapping, &["{}".to_owned()]).await.unwrap();
    assert_eq!(results, [Ok(Some("[]".to_owned()))]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dates_out_of_range_are_errors_of_the_record() {
    let jq = Jq::new().await;
    for program in [
        "1e18 | todate",
        "-1e18 | todate",
        "1e400 | todate",
        "infinite | todate",
        "253402300800 | todate",
        "1e18 | gmtime",
        "[1e18,0,1,0,0,0,0,0] | mktime",
        "[2024,1e9,1,0,0,0,0,0] | mktime",
        "[] | mktime",
        "[\"a\"] | mktime",
        "0 | strftime(\"%J\")",
        "0 | strftime(\"%999999999d\")",
        "0 | strftime(1)",
        "null | strftime(\"%Y\")",
        "\"x\" | strptime(\"%Y\")",
        "\"2024-13-45T25:61:61Z\" | fromdate",
        "\"9999999-01-01T00:00:00Z\" | fromdate",
    ] {
        assert!(jq.refuses(program, RECORD).await.starts_with("the program failed: "), "{program}");
    }
    assert_eq!(jq.gives("-1 | todate", RECORD).await, "\"1969-12-31T23:59:59Z\"");
    assert_eq!(jq.gives("[1600,0,1,0,0,0,0,0] | mktime", RECORD).await, "-11676096000");
    // The machine's zone is nowhere.
    assert_eq!(jq.gives("0 | strftime(\"%Z %z\")", RECORD).await, "\"UTC +0000\"");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn numbers_keep_their_digits_and_what_json_cannot_say_is_an_error() {
    let jq = Jq::new().await;
    for (program, number) in [
        ("-0", "0"),
        ("9007199254740993", "9007199254740993"),
        ("9007199254740993 + 0 | floor", "9007199254740993"),
        ("9223372036854775807 + 1", "9223372036854775808"),
        ("18446744073709551614 + 1", "18446744073709551615"),
        ("100000000000000000000 + 1 | tostring", "\"100000000000000000001\""),
        ("-9223372036854775808 % -1", "0"),
        ("5 % -3", "2"),
        ("-5 % 3", "-2"),
        ("0.1 + 0.2", "0.30000000000000004"),
        ("1.10", "1.10"),
        ("[1, 1.0] | unique", "[1]"),
        // As in jq, what is not a number sorts below every number, itself included.
        ("nan < nan", "true"),
        ("[nan] | sort | length", "1"),
    ] {
        assert_eq!(jq.gives(program, RECORD).await, number, "{program}");
    }
    for program in [
        "1e1000",
        "\"1e1000\" | tonumber",
        "1 / 0",
        "0 / 0",
        "infinite",
        "nan",
        "-1 | sqrt",
        "1e308 * 10",
        "18446744073709551615 + 1",
        "-9223372036854775808 - 1",
    ] {
        assert!(jq.refuses(program, RECORD).await.contains("not JSON"), "{program}");
    }
    assert!(jq.refuses("1 % 0", RECORD).await.contains("cannot calculate 1 % 0"));
    assert!(jq.refuses(".", "1e400").await.contains("out of range"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_order_and_the_names_of_members_are_the_same_every_time() {
    let jq = Jq::new().await;
    for (program, text) in [
        ("{b: 1, a: 2}", r#"{"b":1,"a":2}"#),
        ("{a: 1, a: 2}", r#"{"a":2}"#),
        ("{b: 1} + {a: 2}", r#"{"b":1,"a":2}"#),
        ("{b: 1, a: 2} | keys", r#"["a","b"]"#),
        ("{a: 1, b: 2} == {b: 2, a: 1}", "true"),
        // Two spellings of one letter are two names, as they are to every reader of JSON.
        ("{\"\u{e9}\": 1, \"e\u{301}\": 2} | length", "2"),
    ] {
        for _ in 0..3 {
            assert_eq!(jq.gives(program, RECORD).await, text, "{program}");
        }
    }
    for program in ["{(null): 1}", "{([]): 1}", "{(1): 1}"] {
        let message = jq.refuses(program, RECORD).await;
        assert!(message.contains("not JSON") || message.contains("key"), "{program}: {message}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn formats_of_the_wrong_thing_are_errors_and_of_the_right_thing_escape_it() {
    let jq = Jq::new().await;
    for program in [
        "{} | @sh",
        "[[]] | @sh",
        "@sh \"echo \\(.)\"",
        "\"!!\" | @base64d",
        "\"YQ\" | @base64d",
        "1 | @base64d",
        "[1114112] | implode",
        "[55296] | implode",
        "\"{\" | fromjson",
        "\"[1,]\" | fromjson",
    ] {
        assert!(jq.refuses(program, RECORD).await.starts_with("the program failed: "), "{program}");
    }
    for (program, text) in [
        ("\"it's $(id) `id`\" | @sh", r#""'it'\\''s $(id) `id`'""#),
        ("\"<&'\\\">\" | @html", r#""&lt;&amp;&apos;&quot;&gt;""#),
        ("\"a/b?c#d@e%2f\\r\\n\" | @uri", r#""a%2Fb%3Fc%23d%40e%252f%0D%0A""#),
        ("@uri \"id=\\(.s)&x\"", r#""id=x&x""#),
    ] {
        assert_eq!(jq.gives(program, RECORD).await, text, "{program}");
    }
}

/// What template engines would run, if one of them ever saw a record.
const TEMPLATES: &[&str] = &[
    "{{7*7}}",
    "${7*7}",
    "#{7*7}",
    "<%= 7*7 %>",
    "*{7*7}",
    "@(7*7)",
    "{{=7*7}}",
    "{% print(7*7) %}",
    "\\(7*7)",
    "$(id)",
    "`id`",
    "{{constructor.constructor('return process')()}}",
    "${{<%[%'\"}}%\\.",
    "${jndi:ldap://127.0.0.1/a}",
    "{{''.__class__.__mro__[1].__subclasses__()}}",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn templates_in_a_record_stay_text() {
    let jq = Jq::new().await;
    for template in TEMPLATES {
        let record = serde_json::json!({ "s": template }).to_string();
        let text = serde_json::Value::from(*template).to_string();
        for program in [".s", "\"\\(.s)\"", ".s + \"\"", "[.s] | join(\"\")", ".s | tojson | fromjson"] {
            assert_eq!(jq.gives(program, &record).await, text, "{program}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_wrong_type_is_an_error_that_names_the_value() {
    let jq = Jq::new().await;
    for (program, said) in [
        (".s.b", r#"cannot index "x" with "b""#),
        (".t.b", r#"cannot index true with "b""#),
        (".a.c.d", r#"cannot index [1,2] with "d""#),
        (".a + 1", r#"cannot calculate {"b":1,"c":[1,2]} + 1"#),
        (".a.c - {}", "cannot calculate [1,2] - {}"),
        (".t | length", "true has no length"),
        (".t | tonumber", "cannot use true as string"),
        (".a | ascii_downcase", r#"cannot use {"b":1,"c":[1,2]} as string"#),
        (".s | sort", r#"cannot use "x" as array"#),
        ("-.s", r#"cannot use "x" as number"#),
        ("error({code: 1})", r#"{"code":1}"#),
    ] {
        assert_eq!(jq.refuses(program, RECORD).await, format!("the program failed: {said}"), "{program}");
    }
}

/// A clock and a generator that nobody else has.
struct Own(u8);

impl Clock for Own {
    fn now(&self) -> Timestamp {
        Timestamp::from_ms(i64::from(self.0) * 86_400_000)
    }
}

impl Randomness for Own {
    fn fill(&self, bytes: &mut [u8]) {
        let mut state = u64::from(self.0);
        for byte in bytes {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            *byte = (state >> 56) as u8;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_record_gives_the_same_result_whatever_the_time_and_the_dice() {
    let program = r#"[., keys, (to_entries | group_by(.value | type)), ([.. | scalars] | unique), tojson,
        (tojson | [splits("[,:]")]), ("2024-01-01T00:00:00Z" | fromdate), @base64]"#;
    let mut results = Vec::new();
    for dice in [1, 2] {
        let (clock, randomness) = (std::sync::Arc::new(Own(dice)), std::sync::Arc::new(Own(dice)));
        let host = reaching(&[]).clock(clock).randomness(randomness).build().await.unwrap();
        let mapping = Mapping { jq: program.to_owned() };
        let tenant = host.tenant("acme").unwrap();
        for _ in 0..2 {
            results.push(tenant.try_mapping(&mapping, &[RECORD.to_owned()]).await.unwrap());
        }
    }
    assert!(matches!(results.first().map(Vec::as_slice), Some([Ok(Some(_))])), "{results:?}");
    assert!(results.windows(2).all(|pair| pair[0] == pair[1]), "{results:?}");
}
