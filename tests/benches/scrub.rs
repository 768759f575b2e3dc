//! What it costs to mask secrets in an answer, per megabyte, as a ratio to one plain search of the same bytes for one
//! text in the same run. The README says how it is run.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a benchmark measures the machine's time, and ends at the first surprise"
)]

use std::hint::black_box;
use std::time::Instant;

use domain::Secret;
use egress::Scrubber;

const BODY_BYTES: usize = 4 << 20;
const ROUNDS: usize = 15;

fn main() {
    // `cargo test --benches` only asks whether it can start.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    println!("\n| measured | median | against | median | ratio |\n|---|---|---|---|---|");
    for count in [1, 20] {
        let secrets: Vec<Secret> = (0..count).map(secret).collect();
        let scrubber = Scrubber::new(&secrets).expect("searchable");
        for (what, body) in [
            ("clean JSON", body(|_| String::new())),
            ("clean JSON with escapes", body(|at| format!(r#"caf\u00e9 \"{at}\" https:\/\/x.test?a=%20&b"#))),
            ("echoing body", body(|at| shown(&secrets[at % secrets.len()]))),
        ] {
            measure(count, what, &scrubber, &secrets[0], &body);
        }
        making(count, &secrets);
    }
}

/// Both in turn, so that a change of the machine's speed meets both.
fn measure(count: usize, what: &str, scrubber: &Scrubber, secret: &Secret, body: &[u8]) {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        // The copy is made before: the host owns its bodies.
        let given = body.to_vec();
        let began = Instant::now();
        black_box(scrubber.body(given));
        ours.push(per_megabyte(began));
        let began = Instant::now();
        black_box(memchr::memmem::find_iter(body, secret.expose()).count());
        theirs.push(per_megabyte(began));
    }
    let (ours, theirs) = (median(&mut ours), median(&mut theirs));
    let ratio = ours / theirs;
    println!(
        "| mask {count} in {what} | {ours:.0} us/MiB | one memmem search | {theirs:.0} us/MiB | {ratio:.1} |"
    );
}

/// What a request pays before its answer is there.
fn making(count: usize, secrets: &[Secret]) {
    let mut times = Vec::new();
    for _ in 0..200 {
        let began = Instant::now();
        black_box(Scrubber::new(secrets).expect("searchable"));
        times.push(began.elapsed().as_secs_f64() * 1e6);
    }
    println!("| prepare to mask {count} | {:.0} us | | | |", median(&mut times));
}

fn secret(number: usize) -> Secret {
    Secret::new(made_up(number))
}

/// Forty characters as vendors make them, different for each number.
fn made_up(number: usize) -> String {
    let mut state = (number as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut text = "sk_live_".to_owned();
    for _ in 0..32 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        text.push(char::from(letters[(state % letters.len() as u64) as usize]));
    }
    text
}

fn shown(secret: &Secret) -> String {
    String::from_utf8(secret.expose().to_vec()).expect("text")
}

/// Records as an API lists them; `extra` goes into every tenth.
fn body(extra: impl Fn(usize) -> String) -> Vec<u8> {
    let mut body = String::with_capacity(BODY_BYTES + 1_000);
    for at in 0.. {
        if body.len() >= BODY_BYTES {
            break;
        }
        let extra = if at % 10 == 0 { extra(at) } else { String::new() };
        body.push_str(&format!(
            r#"{{"id":"in_{at:024}","object":"invoice","amount_due":{},"currency":"eur","note":"{extra}","#,
            at * 37 % 100_000
        ));
        body.push_str(r#""customer_email":"jane.doe@example.com","livemode":false,"status":"open"},"#);
        body.push('\n');
    }
    body.into_bytes()
}

fn per_megabyte(began: Instant) -> f64 {
    began.elapsed().as_secs_f64() * 1e6 / (BODY_BYTES as f64 / f64::from(1 << 20))
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
