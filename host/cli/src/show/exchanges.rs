//! One request of a connector, whole: what was asked, and what was answered.

use server::dto::{Exchange, ExchangeOutcome, Header};

use super::{denial, inert};

pub(crate) fn whole(exchange: &Exchange) -> String {
    let mut text = format!(
        "  {} {}  ({} in {} ms)\n",
        inert(&exchange.method),
        inert(&exchange.url),
        inert(&exchange.at),
        exchange.duration_ms
    );
    text.push_str(&headers(&exchange.request_headers));
    text.push_str(&body(exchange.request_bytes, exchange.request_excerpt.as_deref()));
    match &exchange.outcome {
        ExchangeOutcome::Answered { status, headers: answered, response_bytes } => {
            text.push_str(&format!("  answered with {status}\n"));
            text.push_str(&headers(answered));
            text.push_str(&body(*response_bytes, exchange.response_excerpt.as_deref()));
        }
        ExchangeOutcome::Denied { denial: refusal } => text.push_str(&denial(refusal, "  ")),
        ExchangeOutcome::Failed { failure } => {
            let sent = if failure.sent { "it may have arrived" } else { "it was not sent" };
            text.push_str(&format!("  {}: {} ({sent})\n", failure.code.word(), inert(&failure.message)));
        }
    }
    if let Some(id) = &exchange.remote_request_id {
        text.push_str(&format!("  the remote knows it as {}\n", inert(id)));
    }
    if let Some(class) = &exchange.class {
        text.push_str(&format!("  which is: {}\n", inert(class)));
    }
    if let Some(asked_ms) = exchange.asked_ms {
        text.push_str(&format!("  the remote asked to wait {asked_ms} ms\n"));
    }
    text
}

fn headers(headers: &[Header]) -> String {
    headers.iter().map(|header| format!("    {}: {}\n", inert(&header.name), inert(&header.value))).collect()
}

fn body(bytes: usize, excerpt: Option<&str>) -> String {
    match excerpt {
        Some(excerpt) => format!("    {bytes} bytes: {}\n", inert(excerpt)),
        None if bytes == 0 => String::new(),
        None => format!("    {bytes} bytes, not kept\n"),
    }
}
