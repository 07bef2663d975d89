//! Who a reader is: signing in and out, and what becomes of a page when that ends.

use std::time::Duration;

use jiff::Timestamp;

use super::{SOON, Site, browser::USUAL};
use crate::support::{Watchkeeper, eventually};

#[test]
fn who_has_signed_in_may_act_until_they_sign_out() {
    let site = Site::start("");
    let browser = site.browser();
    let page = browser.page(USUAL);
    page.go("/jobs/good");
    page.miss("role=link[name=\"Run now\"]");
    page.click("role=link[name=\"Log in to run, pause or skip it\"]");
    page.fill("#token", &site.watchkeeper.token());
    page.press("Enter");
    page.see("role=link[name=\"Run now\"]");
    assert_eq!(page.path(), "/jobs/good", "back where it was asked for");
    assert!(page.text(".who").contains("local token"));

    page.click("role=button[name=\"Log out\"]");
    page.see("role=link[name=\"Log in\"]");
    page.go("/jobs/good");
    page.miss("role=link[name=\"Run now\"]");
}

#[test]
fn a_wrong_token_is_said_to_be_wrong() {
    let site = Site::start("");
    let browser = site.browser();
    let page = browser.page(USUAL);
    page.forgive("401");
    page.go("/login");
    page.fill("#token", "guessed");
    page.click("role=button[name=\"Log in\"]");
    assert_eq!(page.text("role=alert"), "This token is unknown, or has expired.");
    assert_eq!(page.texts("role=textbox[name=\"Token\"]"), [""], "what was typed isn't shown again");
    page.fill("#token", &site.watchkeeper.token());
    page.click("role=button[name=\"Log in\"]");
    page.see("role=button[name=\"Log out\"]");
}

/// Long enough for a start and a log-in on a busy machine.
const LIFE: Duration = Duration::from_secs(25);

/// A token that ends soon, and the lines of `watchkeeper.toml` that tell of it.
fn brief_token(rights: &str) -> (String, String) {
    let made = Watchkeeper::call(&["token", "new", "brief"]);
    let token = made.stdout.split_whitespace().find(|word| word.starts_with("wk_")).expect("a token").to_owned();
    let hash = made.stdout.lines().find(|line| line.contains("sha256:")).expect("its hash");
    let expires = Timestamp::now() + LIFE;
    (token, format!("[server.tokens.brief]\n{hash}\nexpires = \"{expires}\"\nrights = {rights}\n"))
}

#[test]
fn when_a_token_runs_out_its_page_says_so_and_acting_leads_to_a_new_log_in() {
    let (token, lines) = brief_token("[\"read\", \"act\"]");
    let site = Site::start(&lines);
    let browser = site.browser();
    let page = browser.page(USUAL);
    page.forgive("401");
    page.go("/jobs/good");
    assert_eq!(page.path(), "/login", "reading takes a token, too");
    page.fill("#token", &token);
    page.click("role=button[name=\"Log in\"]");
    page.see("role=link[name=\"Run now\"]");
    page.see("#live >> text=Live");
    expire(&site, &token);

    page.see("text=Your session ended.");
    page.see("role=link[name=\"Log in again\"]");
    page.click("role=link[name=\"Run now\"]");
    page.see("text=your session is over");
    page.fill("#token", &token);
    page.click("role=button[name=\"Log in\"]");
    assert_eq!(page.text("role=alert"), "This token is unknown, or has expired.");
    page.fill("#token", &site.watchkeeper.token());
    page.click("role=button[name=\"Log in\"]");
    page.see("role=heading[name=\"Run good now?\"]");
    page.click("role=button[name=\"Run now\"]");
    page.see("text=A run was asked for.");
}

#[test]
fn a_question_that_is_answered_too_late_does_nothing_but_ask_who_one_is() {
    let (token, lines) = brief_token("[\"act\"]");
    let site = Site::start(&lines);
    let browser = site.browser();
    let page = browser.page(USUAL);
    page.go("/login?next=/jobs/good");
    page.fill("#token", &token);
    page.click("role=button[name=\"Log in\"]");
    page.click("role=link[name=\"Pause\"]");
    page.see("role=dialog");
    expire(&site, &token);
    page.click("role=dialog >> role=button[name=\"Pause\"]");
    page.see("text=your session is over");
    assert!(site.watchkeeper.overview().job("good").unwrap()["pause"].is_null(), "nothing was done");
}

/// Waits until a token is worth nothing.
#[track_caller]
fn expire(site: &Site, token: &str) {
    let bearer = format!("Bearer {token}");
    let act = || site.watchkeeper.send("POST", "/-/reload", &[("authorization", &bearer)]);
    eventually("the token's end", LIFE + SOON, || (act().status == 401).then_some(()));
}
