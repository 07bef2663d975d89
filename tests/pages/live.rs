//! A page that is left open stays true by itself, and never takes from its reader what they were doing.

use serde_json::json;

use super::{Site, browser::USUAL};

#[test]
fn a_new_run_appears_and_focus_scroll_and_open_parts_stay() {
    let site = Site::start("");
    site.run("bad");
    let browser = site.browser();
    let page = browser.page(super::browser::Look { height: 300, ..USUAL });
    site.sign_in(&page);
    page.see("#live >> text=Live");
    page.probe("mark", json!(null));
    page.click("#g-wrong summary");
    page.miss("#j-bad");
    page.focus("role=link[name=\"Pause good\"]");
    page.probe("scroll", json!(60));
    let before = page.probe("standing", json!(null));
    assert_eq!(before["focus"], "/jobs/good/pause");

    site.run("good");
    page.see("#j-good >> text=success");
    assert_eq!(page.probe("standing", json!(null)), before);
    assert_eq!(page.probe("isMarked", json!(null)), json!(true), "it was not loaded anew");
}

#[test]
fn an_open_question_and_what_is_typed_into_it_stay() {
    let site = Site::start("");
    let browser = site.browser();
    let page = browser.page(USUAL);
    site.sign_in(&page);
    page.click("role=link[name=\"Pause good\"]");
    page.fill("role=dialog >> role=textbox", "half a sen");
    site.run("bad");
    page.see("#g-wrong #j-bad");
    let after = page.probe("standing", json!(null));
    assert_eq!(
        (&after["dialog"], &after["note"], &after["focus"]),
        (&json!(true), &json!("half a sen"), &json!("note"))
    );
    page.click("role=dialog >> role=button[name=\"Pause\"]");
    page.see("text=The job was paused.");
}

#[test]
fn a_run_that_is_watched_ends_before_ones_eyes() {
    let site = Site::start("");
    let id = site.begin("held");
    let browser = site.browser();
    let page = browser.page(USUAL);
    page.go(&format!("/runs/{id}"));
    page.see("#live >> text=Live");
    page.see("h1 >> text=running");
    site.watchkeeper.post(&format!("runs/{id}/cancel"), &json!({}));
    page.see("h1 >> text=cancelled");
}

#[test]
fn a_page_says_when_nobody_answers_any_more() {
    let mut site = Site::start("");
    let browser = site.browser();
    let page = browser.page(USUAL);
    page.forgive("ERR_");
    page.go("/");
    page.see("#live >> text=Live");
    site.watchkeeper.end();
    page.see("#live >> text=Connection lost at");
}
