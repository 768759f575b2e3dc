//! Calls: one result per input, and why there is none.

use server::dto::{CallError, Called, Checked};

use super::{denial, inert};
use crate::failure::actor;
use crate::screen::inert_json;

pub(crate) fn checked(name: &str, checked: &Checked) -> String {
    let status = checked.status.word();
    match &checked.error {
        None => format!("{} works; it is {status}", inert(name)),
        Some(error) => format!("{} does not work; it is {status}\n{}", inert(name), explained(error)),
    }
}

pub(crate) fn called(called: &Called) -> String {
    let mut text = String::new();
    let several = called.results.len() > 1;
    for (at, result) in called.results.iter().enumerate() {
        if several {
            text.push_str(&format!("input {at}:\n"));
        }
        match (&result.output, &result.error) {
            (_, Some(error)) => text.push_str(&explained(error)),
            (Some(output), None) => text.push_str(&format!("{}\n", inert_json(output))),
            (None, None) => text.push_str("null\n"),
        }
    }
    let usage = called.usage;
    text.push_str(&format!(
        "\n{} request(s), {} denied, {}.{:03} ms, {} KiB of memory; correlation {}\n",
        usage.requests,
        usage.denied,
        usage.wall_us / 1000,
        usage.wall_us % 1000,
        usage.memory_bytes.div_ceil(1024),
        inert(&called.correlation),
    ));
    text
}

pub(crate) fn explained(error: &CallError) -> String {
    let mut text = match &error.denial {
        Some(refusal) => denial(refusal, "  "),
        None => {
            let message = inert(&error.message);
            format!("  {}: {message}\n  to be solved by the {}\n", inert(&error.code), actor(error.blame))
        }
    };
    if let Some(wait_ms) = error.wait_ms {
        text.push_str(&format!("  the remote asked to wait {wait_ms} ms\n"));
    }
    text
}
