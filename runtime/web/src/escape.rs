//! Making foreign text harmless: for terminals and JSON by [`clean`], for HTML by [`html`].

use std::{borrow::Cow, fmt::Write};

/// Strips what changes how the text around it is shown: control characters but line feeds (terminal escapes begin with
/// one), and the marks that turn the direction of writing.
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    if text.chars().any(hides) {
        Cow::Owned(text.chars().filter(|&c| !hides(c)).collect())
    } else {
        Cow::Borrowed(text)
    }
}

/// Appends a foreign text to a page, as text: neither an element nor an attribute, quoted or not, can come of it.
pub(crate) fn html(page: &mut String, text: &str) {
    for c in clean(text).chars() {
        match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | ' ' | '-' | '_' | '.' | ',' | ':' | '/' | '*' => page.push(c),
            c if c.is_ascii() => {
                // Writing to a string can't fail.
                let _ = write!(page, "&#{};", u32::from(c));
            }
            c => page.push(c),
        }
    }
}

/// Control characters but the line feed, and Unicode's directional marks, embeddings, overrides and isolates (UAX #9).
fn hides(c: char) -> bool {
    let directional =
        matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    directional || (c.is_control() && c != '\n')
}

#[cfg(test)]
mod tests {
    use super::{clean, html};

    #[test]
    fn no_markup_survives() {
        let mut page = String::new();
        html(&mut page, "<script>alert(\"1\")</script> 'x' `y` & a=b ü");
        assert!(!page.contains(['<', '>', '"', '\'', '`', '=']), "{page}");
        assert!(page.starts_with("&#60;script&#62;") && page.ends_with('ü'), "{page}");
    }

    #[test]
    fn terminals_and_directions_are_left_alone() {
        assert_eq!(clean("\u{1b}[31mred\u{1b}[0m\u{7}\u{9b}2J\r\n\0"), "[31mred[0m2J\n");
        assert_eq!(clean("pay \u{202e}01\u{202c} \u{2066}x\u{2069}"), "pay 01 x");
        assert_eq!(clean("grün 漢字"), "grün 漢字");
    }
}
