//! Whatever plugins, chains, files and people say, it stays text.

use super::{operator, pages, reader, tags};

/// A page's tags and their attributes' names: all that decides what its text can do.
fn skeleton(page: &str) -> Vec<(String, Vec<String>)> {
    let names = |tag: super::Tag| (tag.name, tag.attributes.into_iter().map(|(name, _)| name).collect());
    tags(page).into_iter().map(names).collect()
}

#[test]
fn no_foreign_text_changes_a_pages_markup() {
    let long = "x".repeat(10_000);
    let hostile = [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "' onmouseover='alert(1)",
        "--></title></style></svg><iframe src=javascript:alert(1)>",
        "&lt;b&gt; &#60; &quot;",
        "a=b`c` d\u{a0}e",
        "\u{1b}[31mred\u{7}\u{9b}2J\r\0",
        "pay \u{202e}01\u{202c} \u{2066}x\u{2069}\u{200f}",
        "{{7*7}} ${7*7} %3Cb%3E",
        &long,
    ];
    for viewer in [operator, |_: &str| reader()] {
        let plain = pages("x", &viewer("x"));
        for text in hostile {
            for ((name, page), (_, like)) in pages(text, &viewer(text)).iter().zip(&plain) {
                assert_eq!(skeleton(page), skeleton(like), "{name} with {text:?}");
                let wrong =
                    |c: char| (c.is_control() && c != '\n') || "\u{202e}\u{202c}\u{2066}\u{2069}\u{200f}".contains(c);
                assert!(!page.contains(wrong), "{name} with {text:?}");
            }
        }
    }
}

#[test]
fn the_skeleton_sees_markup() {
    assert_ne!(skeleton("<p title=\"x\">x</p>"), skeleton("<p title=\"x\" onclick=\"x\">x</p>"));
    assert_ne!(skeleton("<p>x</p>"), skeleton("<p><b>x</b></p>"));
}

#[test]
fn nothing_is_inline_and_nothing_comes_from_elsewhere() {
    for (name, page) in pages("x", &operator("x")) {
        for tag in tags(&page) {
            assert_ne!(tag.name, "style", "{name}");
            for (key, value) in &tag.attributes {
                assert!(key != "style" && !key.starts_with("on"), "{name}: {key}");
                if ["src", "href", "action"].contains(&key.as_str()) {
                    assert!(value.starts_with(['/', '#']) && !value.starts_with("//"), "{name}: {value}");
                }
            }
            assert!(tag.name != "script" || tag.text.is_empty(), "{name}");
        }
    }
}

#[test]
fn long_texts_are_cut_in_lists_and_whole_on_their_own_page() {
    let long = "word ".repeat(2_000);
    let pages: std::collections::HashMap<_, _> = pages(&long, &reader()).into_iter().collect();
    assert!(pages["runs"].len() < 20_000, "{}", pages["runs"].len());
    assert!(pages["run"].contains(long.trim_end()));
}
