//! Texts that a contract chose, before they are shown or become a label.

/// The most characters that are kept.
const MOST: usize = 128;

/// One line of at most 128 characters, without control characters and those that turn the direction of writing.
pub(crate) fn clean(text: &str) -> String {
    let line = text.chars().map(|letter| if letter.is_whitespace() { ' ' } else { letter });
    let mut cleaned: String = line.filter(|letter| is_plain(*letter)).take(MOST + 1).collect();
    if let Some((cut, _)) = cleaned.char_indices().nth(MOST) {
        cleaned.truncate(cut);
        cleaned.push('…');
    }
    cleaned
}

fn is_plain(letter: char) -> bool {
    let turns =
        matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    !letter.is_control() && !turns
}

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn a_text_is_one_plain_line_of_bounded_length() {
        assert_eq!(clean("a\nb\u{1b}\u{202e}c\0"), "a bc");
        assert_eq!(clean(&"ä".repeat(128)), "ä".repeat(128));
        assert_eq!(clean(&"ä".repeat(500)), format!("{}…", "ä".repeat(128)));
    }
}
