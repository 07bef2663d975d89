//! Who can use the pages: with a keyboard, with assistive technology, without script, on a phone, in the dark.

use serde_json::{Value, json};

use super::{
    SOON, Site,
    browser::{Look, PHONE, Page, Part, USUAL},
};
use crate::support::eventually;

/// Roles whose purpose only their name tells.
const NAMED: [&str; 14] = [
    "RootWebArea",
    "button",
    "checkbox",
    "combobox",
    "dialog",
    "heading",
    "image",
    "link",
    "region",
    "searchbox",
    "spinbutton",
    "tab",
    "textbox",
    "navigation",
];

/// A site with something in every place, and the paths of all its pages.
fn full_site() -> (Site, Vec<String>) {
    let site = Site::start("");
    let run = site.run("bad");
    site.run("good");
    let held = site.begin("held");
    let note = "a disk is being swapped, which takes until Tuesday and needs nobody's help: https://wiki.example.com/disks/seven-and-eight";
    site.watchkeeper.post("jobs/good/pause", &json!({"note": note}));
    site.deployment.job("crooked", "plugin = \"teller\"\nevry = \"1h\"\n");
    eventually("the problem", SOON, || (!site.watchkeeper.overview().problems().is_empty()).then_some(()));
    let run = format!("/runs/{}", run["id"].as_str().unwrap());
    let fixed = [
        "/",
        "/jobs/good",
        "/jobs/bad",
        "/jobs/crooked",
        "/jobs/good/run",
        "/jobs/good/skip-next",
        "/runs",
        "/plugins",
        "/chains",
        "/accounts",
        "/payments",
        "/payments/stop",
        "/actions",
        "/login",
    ];
    let paths =
        fixed.map(str::to_owned).into_iter().chain([run, format!("/runs/{held}"), format!("/runs/{held}/cancel")]);
    let paths = paths.collect();
    (site, paths)
}

#[test]
fn assistive_technology_is_told_of_everything() {
    let (site, paths) = full_site();
    let browser = site.browser();
    let page = browser.page(USUAL);
    site.sign_in(&page);
    let mut titles = Vec::new();
    for path in &paths {
        assert_eq!(page.go(path), 200, "{path}");
        let parts = page.parts();
        landmarks(path, &parts);
        headings(path, &parts);
        for part in parts.iter().filter(|part| NAMED.contains(&part.role.as_str())) {
            assert!(!part.name.trim().is_empty(), "{path}: a {} without a name", part.role);
        }
        for table in page.probe("tables", json!(null)).as_array().expect("tables") {
            assert!(table["heads"].as_u64() >= table["columns"].as_u64(), "{path}: {table}");
        }
        assert_eq!(page.probe("doubles", json!(null)), json!([]), "{path}");
        titles.extend(parts.into_iter().find(|part| part.role == "RootWebArea").map(|part| part.name));
    }
    assert!(titles.iter().all(|title| title.ends_with(" – Watchkeeper")), "{titles:?}");
}

#[track_caller]
fn landmarks(path: &str, parts: &[Part]) {
    for role in ["main", "banner"] {
        assert_eq!(parts.iter().filter(|part| part.role == role).count(), 1, "{path}: {role}");
    }
    let mut names: Vec<_> = parts.iter().filter(|part| part.role == "navigation").map(|part| &part.name).collect();
    assert!(names.iter().any(|name| *name == "Pages"), "{path}: {names:?}");
    names.sort();
    assert!(names.is_sorted_by(|a, b| a < b), "{path}: two of the same name: {names:?}");
}

#[track_caller]
fn headings(path: &str, parts: &[Part]) {
    let levels: Vec<_> = parts.iter().filter_map(|part| (part.role == "heading").then_some(part.level?)).collect();
    assert_eq!(levels.iter().filter(|level| **level == 1).count(), 1, "{path}: {levels:?}");
    // What needs reading stands before the page's own heading.
    let skips = levels.windows(2).any(|pair| pair[1] > pair[0] + 1);
    assert!(!skips, "{path}: {levels:?}");
}

#[test]
fn a_keyboard_is_enough() {
    let site = Site::start("");
    let browser = site.browser();
    let page = browser.page(USUAL);
    site.sign_in(&page);
    page.go("/");
    page.press("Tab");
    let skip = focused(&page);
    assert_eq!((&skip["text"], &skip["shown"]), (&json!("Skip to the content"), &json!(true)), "{skip}");
    page.press("Enter");
    assert_eq!(focused(&page)["id"], "main");

    let way = tab_to(&page, "/jobs/good/run");
    assert!(way.iter().any(|stop| stop == "q"), "the filter is on the way: {way:?}");
    page.press("Enter");
    page.see("role=dialog");
    page.press("Escape");
    page.miss("role=dialog");
    assert_eq!(focused(&page)["href"], "/jobs/good/run", "back where it was");
    page.press("Enter");
    page.see("role=dialog");
    // Whatever has the focus first, the button is on a way that stays within the dialog.
    for _ in 0..6 {
        if focused(&page)["text"] == "Run now" {
            break;
        }
        page.press("Tab");
    }
    assert_eq!(focused(&page)["text"], "Run now");
    page.press("Enter");
    page.see("text=A run was asked for.");
    assert_eq!(page.path(), "/jobs/good");
}

fn focused(page: &Page<'_>) -> Value {
    page.probe("focused", json!(null))
}

/// Presses Tab until a link has the focus; returns where it stopped before. Each stop can be seen, and seen to be one.
#[track_caller]
fn tab_to(page: &Page<'_>, href: &str) -> Vec<String> {
    let mut way = Vec::new();
    while way.len() < 60 {
        page.press("Tab");
        let stop = focused(page);
        assert!(stop["shown"] == true && stop["outlined"] == true, "{stop} after {way:?}");
        if stop["href"] == href {
            return way;
        }
        let mut name = [&stop["id"], &stop["href"], &stop["text"]].into_iter().filter_map(Value::as_str);
        way.push(name.find(|name| !name.is_empty()).unwrap_or_default().to_owned());
    }
    panic!("never came to {href}: {way:?}");
}

#[test]
fn everything_works_without_script() {
    let site = Site::start("");
    let browser = site.browser();
    let page = browser.page(Look { script: false, ..USUAL });
    site.sign_in(&page);
    page.click("role=link[name=\"Run good\"]");
    page.click("role=button[name=\"Run now\"]");
    page.see("text=A run was asked for.");
    assert_eq!(page.path(), "/jobs/good");
    eventually("the run", SOON, || (site.watchkeeper.runs("good", "success") > 0.0).then_some(()));
    page.go("/jobs/good");
    page.see("role=link[name=\"success\"]");

    page.click("role=link[name=\"Pause\"]");
    page.fill("#note", "disk swap");
    page.click("role=button[name=\"Pause\"]");
    page.see("text=The job was paused.");
    page.go("/");
    assert!(page.text("#j-good").contains("Paused by local token: disk swap"));
    page.fill("#q", "held");
    page.click("role=button[name=\"Filter\"]");
    page.see("#j-held");
    assert_eq!(page.texts("#j-good").len(), 0);

    let held = site.begin("held");
    page.go(&format!("/runs/{held}"));
    page.click("role=link[name=\"Cancel\"]");
    page.click("role=button[name=\"Cancel the run\"]");
    page.see("text=The run was asked to end.");
    page.click("role=button[name=\"Log out\"]");
    page.see("role=link[name=\"Log in\"]");
}

#[test]
fn a_narrow_phone_shows_all_of_it_and_can_be_hit_by_a_finger() {
    let (site, paths) = full_site();
    let browser = site.browser();
    let page = browser.page(PHONE);
    site.sign_in(&page);
    let mut wrong = Vec::new();
    for path in &paths {
        page.go(path);
        let overflow = page.probe("overflow", json!(null));
        let small = page.probe("small", json!(null));
        if (&overflow["by"], &overflow["out"], &small) != (&json!(0), &json!([]), &json!([])) {
            wrong.push(format!("{path}: reaches out {overflow}, too small {small}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    page.go("/");
    page.click("role=link[name=\"Run good\"]");
    page.see("role=dialog");
    assert_eq!(page.probe("overflow", json!(null))["by"], 0);
    page.click("role=dialog >> role=button[name=\"Run now\"]");
    page.see("text=A run was asked for.");
}

#[test]
fn light_and_dark_are_both_easy_to_read() {
    let (site, paths) = full_site();
    let browser = site.browser();
    let mut backgrounds = Vec::new();
    for scheme in ["light", "dark"] {
        let page = browser.page(Look { scheme, ..USUAL });
        site.sign_in(&page);
        for path in &paths {
            page.go(path);
            let contrast = page.probe("contrast", json!(null));
            assert_eq!(contrast["faint"], json!([]), "{scheme} {path}");
            backgrounds.push(contrast["background"].clone());
        }
    }
    backgrounds.dedup();
    assert_eq!(backgrounds.len(), 2, "one for each scheme: {backgrounds:?}");
}
