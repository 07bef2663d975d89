//! A page being written. Markup is only ever a literal of this program, and every other text is escaped on its way in, so
//! a page can't be broken from outside by forgetting something.

use std::borrow::Cow;

use crate::escape;

/// What is written so far.
#[derive(Debug, Default)]
pub(super) struct Html(String);

impl Html {
    /// Markup, as it stands in the source.
    pub(super) fn raw(&mut self, markup: &'static str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// Any text, from anywhere: as an element's content, or between an attribute's quotes.
    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        escape::html(&mut self.0, text);
        self
    }

    /// Anything that prints; as harmless as a text.
    pub(super) fn show(&mut self, shown: impl std::fmt::Display) -> &mut Self {
        self.text(&shown.to_string())
    }

    /// The page.
    pub(super) fn into_string(self) -> String {
        self.0
    }
}

/// The first characters of a text, with an ellipsis where there are more.
pub(super) fn clip(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        Some((end, _)) => Cow::Owned(format!("{}…", text.get(..end).unwrap_or_default().trim_end())),
        None => Cow::Borrowed(text),
    }
}

/// A message of one line with its hint on a line of its own, where it has one.
pub(super) fn hinted(message: &str) -> String {
    message.replacen(" hint: ", "\nhint: ", 1)
}

/// `1 run`, `3 runs`.
pub(super) fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", thousands(count), if count == 1 { one } else { many })
}

/// `12,345`.
pub(super) fn thousands(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Html, clip, counted};

    #[test]
    fn only_literals_are_markup() {
        let mut page = Html::default();
        page.raw("<a title=\"").text("\" onclick=\"x").raw("\">").show("<b>").raw("</a>");
        assert_eq!(page.into_string(), "<a title=\"&#34; onclick&#61;&#34;x\">&#60;b&#62;</a>");
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!(clip("größer", 3), "grö…");
        assert_eq!(clip("two words", 4), "two…");
        assert_eq!(clip("größer", 6), "größer");
    }

    #[test]
    fn counts_are_readable() {
        assert_eq!(counted(1, "run", "runs"), "1 run");
        assert_eq!(counted(0, "run", "runs"), "0 runs");
        assert_eq!(counted(1_234_567, "run", "runs"), "1,234,567 runs");
        assert_eq!(counted(999, "run", "runs"), "999 runs");
    }
}
