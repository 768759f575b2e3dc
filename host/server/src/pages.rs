//! Pages for a person in a browser: a heading, some sentences, and nothing that loads, runs or links.

use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

/// Marks an answer that is a page whatever its status.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IsPage;

/// The answer that shows these sentences. What is not ours in them becomes text, whatever it was.
pub(crate) fn page(status: StatusCode, heading: &str, sentences: &[&str]) -> Response {
    let mut html = String::from("<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>");
    html.push_str(&escaped(heading));
    html.push_str("</title><h1>");
    html.push_str(&escaped(heading));
    html.push_str("</h1>");
    for sentence in sentences {
        html.push_str("<p>");
        html.push_str(&escaped(sentence));
        html.push_str("</p>");
    }
    html.push_str("</html>\n");
    let mut response = (status, html).into_response();
    let plain = HeaderValue::from_static("text/html; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, plain);
    response.extensions_mut().insert(IsPage);
    response
}

fn escaped(text: &str) -> String {
    let text = domain::text::inert(text, 1 << 10);
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_not_ours_becomes_text() {
        let response = page(StatusCode::BAD_REQUEST, "<b>", &["<script>alert('1')</script> & \"x\"\u{202e}"]);
        let bytes = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
        let html = String::from_utf8(bytes.to_vec()).unwrap();
        assert!(
            html.contains("&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt; &amp; &quot;x&quot;\\u{202e}"),
            "{html}"
        );
        assert!(!html.contains("<script") && !html.contains("<b>"));
    }
}
