//! Foreign text where people read it: bounded and inert.

/// Characters that show nothing, or that move what stands around them: control characters, marks of writing direction,
/// line separators, invisible letters.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// The text with every hidden character escaped, cut after so many bytes.
pub fn inert(text: &str, bytes_max: usize) -> String {
    let mut shown = String::new();
    for c in text.chars() {
        let before = shown.len();
        if is_hidden(c) {
            shown.extend(c.escape_default())
        } else {
            shown.push(c)
        }
        if shown.len() > bytes_max {
            shown.truncate(before);
            shown.push('…');
            break;
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_characters_are_shown_and_lengths_are_bounded() {
        assert_eq!(inert("plain, é, 日本", 100), "plain, é, 日本");
        assert_eq!(inert("a\n\u{1b}[2J\u{202e}b\u{2028}\0", 100), "a\\n\\u{1b}[2J\\u{202e}b\\u{2028}\\u{0}");
        assert_eq!(inert("abcdef", 3), "abc…");
        assert_eq!(inert("ab\u{1b}", 3), "ab…");
        assert_eq!(inert("éé", 3), "é…");
    }
}
