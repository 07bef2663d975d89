//! Texts that a plugin chose, as Markdown that shows them and does nothing else: they may come from anywhere.

use watchkeeper_contract::clean;

/// The longest text that is shown, in characters.
const MOST: usize = 2_000;

/// Prose. Parts between backticks stay code; everything else that Markdown or HTML would act on is shown as it is.
pub(super) fn text(words: &str) -> String {
    let words = clean(words, MOST);
    let words = words.trim();
    if words.matches('`').count() % 2 == 1 {
        return escaped(&words.replace('`', "'"));
    }
    let parts = words.split('`').enumerate();
    parts.map(|(place, part)| if place % 2 == 0 { escaped(part) } else { code(part) }).collect()
}

/// Code within a line, also within a table.
pub(super) fn code(words: &str) -> String {
    let words = clean(words, MOST).replace('`', "'").replace('|', "\\|");
    if words.trim().is_empty() { String::new() } else { format!("`{words}`") }
}

/// One row of a table; the cells are Markdown already.
pub(super) fn row<T: AsRef<str>>(cells: &[T]) -> String {
    let cells: Vec<&str> = cells.iter().map(AsRef::as_ref).collect();
    format!("| {} |\n", cells.join(" | "))
}

/// A block of code that nothing within it can end.
pub(super) fn fenced(language: &str, block: &str) -> String {
    let longest = block.split(|letter| letter != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}{language}\n{}\n{fence}\n", block.trim_end())
}

fn escaped(words: &str) -> String {
    let mut shown = String::new();
    for letter in words.chars() {
        match letter {
            '<' => shown += "&lt;",
            '&' => shown += "&amp;",
            '\\' | '|' | '[' | ']' | '*' | '!' | '#' | '~' => shown.extend(['\\', letter]),
            _ => shown.push(letter),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_keeps_its_code_and_nothing_else_acts() {
        assert_eq!(text("The `head | tail` of it."), "The `head \\| tail` of it.");
        assert_eq!(text("a | b\nc\u{1b}[31m"), "a \\| b c\\[31m");
        assert_eq!(
            text("<script>alert(1)</script> & [x](y) ![z](y)"),
            "&lt;script>alert(1)&lt;/script> &amp; \\[x\\](y) \\!\\[z\\](y)"
        );
        assert_eq!(text("one ` only <b>"), "one ' only &lt;b>");
        assert_eq!(text("``x``"), "x");
    }

    #[test]
    fn code_can_not_be_left() {
        assert_eq!(code("a`<b>`|c\n"), "`a'<b>'\\|c `");
        assert_eq!(code("\0"), "");
        assert_eq!(fenced("toml", "a\n````\nb\n"), "`````toml\na\n````\nb\n`````\n");
        assert_eq!(fenced("toml", "a = 1\n\n"), "```toml\na = 1\n```\n");
    }
}
