//! One row for each thing that a remote can answer: the script, and the code that it comes to.

use std::collections::HashMap;
use std::io::Write as _;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::StreamExt as _;
use lockgate::domain::FailureCode::{self, *};

use super::server::{Hostile, Step, answer, ok};
use super::world::World;

/// How many rows are tried at once.
const AT_ONCE: usize = 12;
/// What one remote may make the host take in: the cap on a body, and what lies in the buffers of two sockets.
const WRITTEN_MAX: usize = 24 << 20;

#[derive(Clone)]
enum Comes {
    To(FailureCode),
    /// An odd answer that is understood, with this body.
    Through(u16, &'static str),
}

struct Row {
    name: &'static str,
    steps: Vec<Step>,
    comes: Comes,
    /// Whether the connection may carry another request.
    clean: bool,
}

fn row(name: &'static str, steps: Vec<Step>, code: FailureCode) -> Row {
    Row { name, steps, comes: Comes::To(code), clean: false }
}

fn odd(name: &'static str, steps: Vec<Step>, status: u16, body: &'static str) -> Row {
    Row { name, steps, comes: Comes::Through(status, body), clean: false }
}

fn clean(name: &'static str, steps: Vec<Step>, body: &'static str) -> Row {
    Row { name, steps, comes: Comes::Through(200, body), clean: true }
}

fn send(bytes: impl Into<Vec<u8>>) -> Step {
    Step::Send(bytes.into())
}

fn say(bytes: impl Into<Vec<u8>>) -> Vec<Step> {
    vec![send(bytes)]
}

fn head(headers: &str) -> Step {
    send(answer(headers, b""))
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn coded(coding: &str, body: &[u8]) -> Vec<Step> {
    say(answer(&format!("content-encoding: {coding}\r\ncontent-length: {}\r\n", body.len()), body))
}

/// Nothing, or so slowly that it comes to nothing.
fn slow() -> Vec<Row> {
    let pause = Duration::from_millis(100);
    let drip = |bytes: &str| Step::Drip(bytes.as_bytes().to_vec(), pause);
    vec![
        row("silence", vec![Step::Hang], FirstByteTimeout),
        row("a_slow_status_line", vec![drip("H")], FirstByteTimeout),
        row("slow_headers", vec![send("HTTP/1.1 200 OK\r\n"), drip("a: b\r\n")], FirstByteTimeout),
        row("a_body_that_stops", vec![head("content-length: 9\r\n"), send("abc"), Step::Hang], IdleTimeout),
        row(
            "a_chunk_that_stops",
            vec![head("transfer-encoding: chunked\r\n"), send("5\r\na"), Step::Hang],
            IdleTimeout,
        ),
        row("a_slow_body", vec![head("content-length: 9999\r\n"), drip("a")], TotalTimeout),
        row("slow_chunks", vec![head("transfer-encoding: chunked\r\n"), drip("1\r\na\r\n")], TotalTimeout),
        row("a_body_without_end_or_length", vec![head(""), drip("a")], TotalTimeout),
    ]
}

/// Heads that are none, or too much of one.
fn heads() -> Vec<Row> {
    let many: String = (0..10_000).map(|at| format!("x-{at}: 1\r\n")).collect();
    let some: String = (0..101).map(|at| format!("x-{at}: 1\r\n")).collect();
    let long = |bytes: usize| format!("x: {}\r\n", "a".repeat(bytes));
    vec![
        row(
            "headers_without_end",
            vec![send("HTTP/1.1 200 OK\r\n"), Step::Flood(b"a: b\r\n".to_vec())],
            HeadTooLarge,
        ),
        row(
            "one_header_without_end",
            vec![send("HTTP/1.1 200 OK\r\na: "), Step::Flood(vec![b'a'; 4096])],
            HeadTooLarge,
        ),
        row(
            "a_status_line_without_end",
            vec![send("HTTP/1.1 200 "), Step::Flood(vec![b'a'; 4096])],
            HeadTooLarge,
        ),
        row("ten_thousand_headers", vec![head(&many)], HeadTooLarge),
        row("one_header_too_many", vec![head(&some)], HeadTooLarge),
        row("a_header_of_a_mebibyte", vec![head(&long(1 << 20))], HeadTooLarge),
        row("a_header_over_the_cap", vec![head(&long(65_536))], HeadTooLarge),
        row("a_header_without_colon", vec![head("no colon\r\n")], BadHead),
        row("a_folded_header", vec![head("a: b\r\n folded\r\n")], BadHead),
        row("a_space_before_the_colon", vec![head("a : b\r\n")], BadHead),
        row("an_empty_name", vec![head(": b\r\n")], BadHead),
        row("a_nul_in_a_value", vec![head("a: b\0c\r\n")], BadHead),
        row("a_lone_cr_in_a_value", vec![head("a: b\rc: d\r\n")], BadHead),
        row("status_000", say("HTTP/1.1 000 Zero\r\ncontent-length: 0\r\n\r\n"), BadHead),
        row("status_99", say("HTTP/1.1 99 Low\r\ncontent-length: 0\r\n\r\n"), BadHead),
        row("status_1000", say("HTTP/1.1 1000 High\r\ncontent-length: 0\r\n\r\n"), BadHead),
        row("status_600", say("HTTP/1.1 600 High\r\ncontent-length: 0\r\n\r\n"), BadHead),
        row("status_in_letters", say("HTTP/1.1 2OO OK\r\ncontent-length: 0\r\n\r\n"), BadHead),
        row("another_protocol", say("SSH-2.0-OpenSSH_9.6\r\n\r\n"), BadHead),
        row("another_version", say("HTTP/3.0 200 OK\r\ncontent-length: 0\r\n\r\n"), BadHead),
        // SETTINGS, then the first frames of a rapid reset: nobody here speaks HTTP/2.
        row(
            "frames_of_http_2",
            say(b"\0\0\0\x04\0\0\0\0\0\0\0\x04\x03\0\0\0\0\x01\0\0\0\x08".to_vec()),
            BadHead,
        ),
        row("the_preface_of_http_2", say("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), BadHead),
        // A lone LF ends a line (RFC 9112, 2.2); it is one parser that reads it, so there is nothing to disagree about.
        clean("lines_ended_by_lf", say("HTTP/1.1 200 OK\ncontent-length: 2\n\nok"), "ok"),
    ]
}

/// Interim answers.
fn interim() -> Vec<Row> {
    let hint = "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n";
    let some = [hint.repeat(16).into_bytes(), answer("content-length: 2\r\n", b"ok")].concat();
    vec![
        row("hints_without_end", vec![Step::Flood(hint.repeat(100).into_bytes())], TooManyInterim),
        row(
            "continue_without_end",
            vec![Step::Flood(b"HTTP/1.1 100 Continue\r\n\r\n".to_vec())],
            TooManyInterim,
        ),
        row(
            "another_protocol_at_once",
            say("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n"),
            ProtocolSwitch,
        ),
        clean("some_hints", say(some), "ok"),
    ]
}

/// Bodies whose end can be read in two ways, or in none.
fn framing() -> Vec<Row> {
    let chunked = "transfer-encoding: chunked\r\n";
    let chunks = |text: &str| vec![head(chunked), send(text), Step::Close];
    let extended = format!("1;{}\r\na\r\n0\r\n\r\n", "e".repeat(1 << 20));
    let next = ok("smuggled").remove(0);
    let Step::Send(smuggled) = next else { unreachable!() };
    let behind = |first: Vec<u8>| say([first, smuggled.clone()].concat());
    vec![
        row(
            "a_length_and_chunks",
            say(answer("content-length: 5\r\ntransfer-encoding: chunked\r\n", b"0\r\n\r\n")),
            ConflictingFraming,
        ),
        row(
            "two_equal_lengths",
            say(answer("content-length: 2\r\ncontent-length: 2\r\n", b"ok")),
            ConflictingFraming,
        ),
        row("two_lengths", say(answer("content-length: 1\r\ncontent-length: 2\r\n", b"ok")), BadHead),
        row("a_length_with_a_sign", say(answer("content-length: +2\r\n", b"ok")), BadHead),
        row("a_list_of_lengths", say(answer("content-length: 2, 2\r\n", b"ok")), BadFraming),
        row("a_length_with_zeroes", say(answer("content-length: 0002\r\n", b"ok")), BadFraming),
        row(
            "chunked_twice",
            say(answer("transfer-encoding: chunked, chunked\r\n", b"0\r\n\r\n")),
            BadFraming,
        ),
        row(
            "an_identity_coding",
            vec![head("transfer-encoding: identity\r\n"), send("ok"), Step::Close],
            BadFraming,
        ),
        row(
            "chunks_in_http_1_0",
            say("HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"),
            BadHead,
        ),
        row("a_chunk_below_zero", chunks("-1\r\n\r\n"), BadFraming),
        row("a_chunk_in_c", chunks("0x10\r\n\r\n"), BadFraming),
        row("a_chunk_beyond_numbers", chunks("FFFFFFFFFFFFFFFFF\r\n"), BadFraming),
        row("a_chunk_without_its_end", chunks("1\r\nab0\r\n\r\n"), BadFraming),
        row("an_extension_of_a_mebibyte", chunks(&extended), BadFraming),
        row(
            "the_largest_chunk",
            vec![head(chunked), send("FFFFFFFFFFFFFFFF\r\n"), Step::Flood(vec![b'a'; 16_384])],
            TooLarge,
        ),
        row(
            "trailers_without_end",
            vec![head(chunked), send("0\r\n"), Step::Flood(b"a: b\r\n".to_vec())],
            BadFraming,
        ),
        row("a_body_cut_short", vec![head("content-length: 9\r\n"), send("abc"), Step::Close], CutShort),
        row("chunks_cut_short", chunks("5\r\nabc"), CutShort),
        row("chunks_without_the_last", chunks("1\r\na\r\n"), CutShort),
        row("a_close_before_the_answer", vec![Step::Close], ConnectionLost),
        row("a_close_within_the_head", vec![send("HTTP/1.1 20"), Step::Close], ConnectionLost),
        odd("two_answers", behind(answer("content-length: 5\r\n", b"first")), 200, "first"),
        odd(
            "no_content_with_content",
            behind(b"HTTP/1.1 204 No Content\r\ncontent-length: 5\r\n\r\nhello".to_vec()),
            204,
            "",
        ),
        odd(
            "no_content_with_chunks",
            behind(
                b"HTTP/1.1 204 No Content\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
                    .to_vec(),
            ),
            204,
            "",
        ),
        odd(
            "not_modified_with_content",
            behind(b"HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\nhello".to_vec()),
            304,
            "",
        ),
        odd(
            "an_old_answer_without_length",
            vec![send("HTTP/1.0 200 OK\r\n\r\nold"), Step::Close],
            200,
            "old",
        ),
    ]
}

/// More than anybody wants.
fn endless() -> Vec<Row> {
    let chunk = format!("4000\r\n{}\r\n", "a".repeat(16_384)).into_bytes();
    vec![
        row("a_body_without_end", vec![head(""), Step::Flood(vec![b'a'; 16_384])], TooLarge),
        row("chunks_without_end", vec![head("transfer-encoding: chunked\r\n"), Step::Flood(chunk)], TooLarge),
        row(
            "ten_gigabytes_as_promised",
            vec![head("content-length: 10737418240\r\n"), Step::Flood(vec![b'a'; 16_384])],
            TooLarge,
        ),
        row(
            "the_largest_length",
            vec![head("content-length: 18446744073709551615\r\n"), Step::Hang],
            HeadTooLarge,
        ),
    ]
}

/// Content codings that are lies or bombs.
fn codings() -> Vec<Row> {
    let packed = gzip(b"hello, hello, hello");
    let bomb = gzip(&vec![0; 40 << 20]);
    let five = (0..5).fold(b"hello".to_vec(), |inner, _| gzip(&inner));
    let members = [gzip(b"one "), gzip(b"two")].concat();
    let nothing = gzip(b"").repeat(1_000);
    let mut corrupt = packed.clone();
    let at = corrupt.len() - 6;
    corrupt[at] ^= 1;
    vec![
        row("a_bomb", coded("gzip", &bomb), TooDense),
        row("a_bomb_in_a_bomb", coded("gzip, gzip", &gzip(&bomb)), UnknownEncoding),
        row("five_layers", coded("gzip, gzip, gzip, gzip, gzip", &five), UnknownEncoding),
        row(
            "two_codings_on_two_lines",
            coded("gzip\r\ncontent-encoding: gzip", &gzip(&packed)),
            UnknownEncoding,
        ),
        row("deflate", coded("deflate", &packed), UnknownEncoding),
        row("brotli", coded("br", &packed), UnknownEncoding),
        row("zstd", coded("zstd", b"\x28\xb5\x2f\xfd"), UnknownEncoding),
        row("plain_as_gzip", coded("gzip", b"hello"), BadEncoding),
        row("cut_gzip", coded("gzip", &packed[..packed.len() - 4]), BadEncoding),
        row("corrupt_gzip", coded("gzip", &corrupt), BadEncoding),
        row("gzip_and_more", coded("gzip", &[packed.as_slice(), b"and more"].concat()), BadEncoding),
        row("nothing_for_ever", vec![head("content-encoding: gzip\r\n"), Step::Flood(nothing)], BadEncoding),
        clean("members", coded("gzip", &members), "one two"),
        clean("one_layer_of_two", coded("gzip", &gzip(b"not packed")), "not packed"),
    ]
}

/// Somebody else than the remote answers, or the remote lies about what it says.
fn impostors() -> Vec<Row> {
    let html = "<html>Please log in</html>";
    let headed = |headers: &str| say(answer(&format!("{headers}content-length: 26\r\n"), html.as_bytes()));
    vec![
        row(
            "a_proxy",
            say(
                "HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic\r\ncontent-length: 0\r\n\r\n",
            ),
            ProxyAnswer,
        ),
        row(
            "a_portal",
            say("HTTP/1.1 511 Network Authentication Required\r\ncontent-length: 0\r\n\r\n"),
            ProxyAnswer,
        ),
        // What it is, only the connector can know: it gets the bytes as they are, and no guess at their type.
        clean("a_portal_in_disguise", headed("content-type: text/html\r\n"), html),
        clean("html_as_json", headed("content-type: application/json; charset=utf-7\r\n"), html),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_ends_in_its_own_code_and_spoils_nothing() {
    let rows: Vec<Row> = [slow(), heads(), interim(), framing(), endless(), codings(), impostors()]
        .into_iter()
        .flatten()
        .collect();
    let scripts: HashMap<_, _> = rows.iter().map(|row| (row.name, row.steps.clone())).collect();
    assert_eq!(scripts.len(), rows.len(), "two rows have one name");
    let remote = Hostile::start(move |name| scripts.get(name).cloned().unwrap_or_else(|| ok("fine"))).await;
    let world = World::new(&remote.url()).await;
    let (world, remote) = (&world, &remote);
    // Some connections are kept before anything goes wrong.
    world.get("before").await.assert_answered(200, "fine");
    let tried: Vec<_> = futures_util::stream::iter(&rows)
        .map(|row| async move {
            let outcome = world.get(row.name).await;
            world.get("after").await.assert_answered(200, "fine");
            world.get_as_other("after").await.assert_answered(200, "fine");
            (row, outcome)
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    for (row, outcome) in &tried {
        // The name first, so that a surprise can be found.
        let named = std::panic::AssertUnwindSafe(|| match &row.comes {
            Comes::To(ConnectionLost) => outcome.assert_failed(ConnectionLost, true),
            Comes::To(code) => outcome.assert_failed(*code, true),
            Comes::Through(status, body) => outcome.assert_answered(*status, body),
        });
        assert!(std::panic::catch_unwind(named).is_ok(), "the row {} came to something else", row.name);
    }
    // A connection that carried a surprise carries nothing else, ever.
    let seen = remote.seen();
    for row in rows.iter().filter(|row| !row.clean) {
        let on: Vec<_> = seen.iter().filter(|seen| seen.name() == row.name).collect();
        assert_eq!(on.len(), 1, "{} was sent {} times", row.name, on.len());
        let later = seen.iter().skip_while(|seen| seen.name() != row.name).skip(1);
        let reused = later.filter(|seen| seen.connection == on[0].connection).count();
        assert_eq!(reused, 0, "the connection of {} was used again", row.name);
    }
    let floods =
        rows.iter().filter(|row| row.steps.iter().any(|step| matches!(step, Step::Flood(_)))).count();
    assert!(remote.written() < floods * WRITTEN_MAX, "{} bytes were taken", remote.written());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_whose_answer_is_lost_is_not_repeated() {
    for steps in [
        vec![Step::Close],
        vec![send("HTTP/1.1 200 OK\r\n"), Step::Close],
        vec![head("content-length: 9\r\n"), Step::Close],
    ] {
        let remote = Hostile::start(move |_| steps.clone()).await;
        let world = World::new(&remote.url()).await;
        let outcome = world.post("{}").await;
        assert_eq!(outcome.seen["failed"]["sent"], true, "{outcome:?}");
        outcome.assert_coarse();
        assert_eq!(remote.seen().len(), 1, "a write was sent twice");
    }
}
