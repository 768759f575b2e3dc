//! Whoever wants a secret: by asking for it, by logging it, by setting one that cannot be kept, by meddling with rows.

use lockgate::domain::Secret;
use lockgate::domain::log::LogEvent;
use lockgate::domain::text::is_hidden;
use lockgate::{Kind, LogFilter};
use serde_json::json;

use crate::harness::{CANARY, Probed};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_line_that_imitates_others_or_commands_a_terminal_is_one_inert_row() {
    let probed = Probed::new().await;
    let hostile = [
        "a\n{\"level\":\"audit\",\"tenant\":\"globex\"}",
        "b\r\nanother line",
        "c\u{1b}[2J\u{1b}]52;c;aGk=\u{7}",
        "d\u{202e}txt.exe\u{2066}",
        "e\0\u{2028}\u{2029}\u{9b}31m",
    ];
    for message in hostile {
        probed.ask("log", json!({ "message": message })).await;
    }
    let rows = probed.tenant.logs(LogFilter::default(), 100).unwrap().items;
    let lines: Vec<_> = rows
        .iter()
        .rev()
        .filter_map(|row| match &row.event {
            LogEvent::Line { line } => Some(line.message.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(lines.len(), hostile.len(), "one row for each: {lines:?}");
    for (line, hostile) in lines.iter().zip(hostile) {
        assert!(!line.chars().any(is_hidden), "{line:?}");
        assert_eq!(line.chars().next(), hostile.chars().next());
    }
    assert!(lines[0].contains("\\n{\"level\""), "{}", lines[0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_that_logs_all_that_it_was_answered_logs_no_secret() {
    let probed = Probed::new().await;
    let seen = probed.fetch("GET", &format!("{}/things", probed.echo.url)).await.to_string();
    assert!(seen.contains("***"), "nothing was echoed: {seen}");
    let backwards: String = seen.chars().rev().collect();
    for message in [&seen, &backwards] {
        probed.ask("log", json!({ "message": message })).await;
    }
    let rows = format!("{:?}", probed.tenant.logs(LogFilter::default(), 100).unwrap().items);
    let reversed: String = CANARY.chars().rev().collect();
    assert!(!rows.contains(CANARY) && !rows.contains(&reversed), "{rows}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_that_cannot_be_kept_or_masked_is_refused_by_its_reason_and_not_repeated() {
    let probed = Probed::new().await;
    let (profile, signing) = ("probe".parse().unwrap(), "signing".parse().unwrap());
    let long = "x".repeat((16 << 10) + 1);
    for (credential, code) in [
        ("a", "secret_too_short"),
        ("1234567", "secret_too_short"),
        ("line\nbreak", "invalid_credential"),
        ("nul\0byte.", "invalid_credential"),
        (long.as_str(), "invalid_credential"),
    ] {
        let refused = probed.tenant.set_credential(&profile, Secret::new(credential)).await.unwrap_err();
        assert_eq!((refused.kind, refused.code), (Kind::Invalid, code), "{refused}");
        assert!(credential.len() < 2 || !refused.message.contains(credential), "{refused}");
    }
    // UTF-16, as an editor saves it: the zero bytes give it away.
    let wide: Vec<u8> = "sk_test_1234".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let refused = probed.tenant.set_credential(&profile, Secret::new(wide.clone())).await.unwrap_err();
    assert_eq!(refused.code, "invalid_credential");

    for (secret, code) in
        [("", "invalid_credential"), ("1234567", "secret_too_short"), (&long, "secret_size")]
    {
        let refused = probed.tenant.set_secret(&profile, &signing, Secret::new(secret)).await.unwrap_err();
        assert_eq!((refused.kind, refused.code), (Kind::Invalid, code), "{refused}");
    }
    // A key for signatures is bytes, and these are good ones.
    for secret in [b"eight by".to_vec(), b"line\nbreak and \0".to_vec(), wide] {
        probed.tenant.set_secret(&profile, &signing, Secret::new(secret)).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_secrets_set_at_once_are_all_kept() {
    let probed = Probed::new().await;
    let setting: Vec<_> = (0..8)
        .map(|number| {
            let tenant = probed.tenant.clone();
            tokio::spawn(async move {
                let (profile, name) = ("probe".parse().unwrap(), "signing".parse().unwrap());
                tenant.set_secret(&profile, &name, Secret::new(format!("secret-{number}"))).await
            })
        })
        .collect();
    for set in setting {
        set.await.unwrap().unwrap();
    }
    let opened = probed.ask("open", json!({ "secret": "signing" })).await;
    assert_eq!(opened["fingerprint"].as_str().unwrap().len(), 16, "{opened}");
}
