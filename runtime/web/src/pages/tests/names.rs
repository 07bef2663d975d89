//! Every page can be used without sight, without a mouse and without script.

use super::{Tag, operator, pages, reader, tags};

/// The text of an element, its tag at this place, up to its own end.
fn content(tags: &[Tag], place: usize) -> String {
    let end = format!("/{}", tags[place].name);
    let inner = tags[place..].iter().take_while(|tag| tag.name != end);
    inner.map(|tag| tag.text.as_str()).collect::<String>().trim().to_owned()
}

#[test]
fn every_control_and_every_drawing_has_a_name() {
    for (name, page) in pages("x", &operator("x")).into_iter().chain(pages("x", &reader())) {
        let tags = tags(&page);
        let labelled = |id: &str| tags.iter().any(|tag| tag.name == "label" && tag.attribute("for") == Some(id));
        for (place, tag) in tags.iter().enumerate() {
            match tag.name.as_str() {
                "a" | "button" | "summary" | "title" | "h1" | "h2" | "h3" | "th" => {
                    assert!(!content(&tags, place).is_empty(), "{name}: {tag:?}");
                }
                "input" | "select" if tag.attribute("type") != Some("hidden") => {
                    assert!(tag.attribute("id").is_some_and(labelled), "{name}: {tag:?}");
                }
                "svg" => {
                    let named = tag.attribute("role") == Some("img") && tags[place + 1].name == "title";
                    assert!(named || tag.attribute("aria-hidden") == Some("true"), "{name}: {tag:?}");
                }
                _ => {}
            }
        }
    }
}

#[test]
fn every_page_has_its_landmarks_and_each_id_once() {
    for (name, page) in pages("x", &operator("x")) {
        let tags = tags(&page);
        let count = |wanted: &str| tags.iter().filter(|tag| tag.name == wanted).count();
        assert_eq!([count("main"), count("header"), count("h1"), count("title").min(1)], [1; 4], "{name}");
        assert!(page.contains("<html lang=\"en\">") && page.contains("href=\"#main\""), "{name}");
        let mut ids: Vec<_> = tags.iter().filter_map(|tag| tag.attribute("id")).collect();
        ids.sort_unstable();
        let all = ids.len();
        ids.dedup();
        assert!(ids.len() == all || name == "overview, other states", "{name}: {ids:?}");
        for heading in tags.iter().filter(|tag| tag.name == "th") {
            assert!(heading.attribute("scope").is_some(), "{name}: {heading:?}");
        }
    }
}

#[test]
fn every_tag_is_closed_in_order() {
    const VOID: [&str; 8] = ["!doctype", "meta", "link", "input", "br", "path", "circle", "use"];
    for (name, page) in pages("x", &operator("x")).into_iter().chain(pages("x", &reader())) {
        let mut open = Vec::new();
        for tag in tags(&page) {
            match tag.name.strip_prefix('/') {
                Some(closed) => assert_eq!(open.pop().as_deref(), Some(closed), "{name}"),
                None if VOID.contains(&tag.name.as_str()) => {}
                None => open.push(tag.name),
            }
        }
        assert!(open.is_empty(), "{name}: {open:?}");
    }
}

#[test]
fn every_form_works_without_script() {
    for (name, page) in pages("x", &operator("x")) {
        let tags = tags(&page);
        for (place, form) in tags.iter().enumerate().filter(|(_, tag)| tag.name == "form") {
            let inner = || tags[place..].iter().take_while(|tag| tag.name != "/form");
            assert!(inner().any(|tag| tag.name == "button"), "{name}: {form:?}");
            let token = inner().any(|tag| tag.attribute("name") == Some("form_token"));
            let changes = form.attribute("method") == Some("post") && form.attribute("action") != Some("/login");
            assert_eq!(token, changes, "{name}: {form:?}");
        }
    }
}
