//! The first page: what is wrong before what is well, in words, and the last hours in shapes.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{SOON, Site, browser::USUAL, ready, telling};
use crate::support::{Signal, eventually};

#[test]
fn what_is_wrong_stands_first_and_every_state_is_a_word() {
    let site = Site::start("");
    site.run("good");
    site.run("bad");
    site.run("bad");
    site.begin("held");
    site.watchkeeper.post("jobs/good/pause", &json!({"note": "disk swap"}));
    site.deployment.job("idle", &telling("message = \"\"\n"));
    eventually("the new job", SOON, || site.watchkeeper.overview().job("idle").map(drop));

    let browser = site.browser();
    let page = browser.page(USUAL);
    assert_eq!(page.go("/"), 200);
    let groups = page.texts("summary h2");
    assert_eq!(groups, ["Wrong", "Paused", "Well"]);
    for (row, words) in [
        ("bad", &["failing", "2 in a row", "failed", "disk 7 is full", "0 %"][..]),
        ("good", &["paused", "success", "Paused by local token: disk swap", "100 %"]),
        ("held", &["running", "running now"]),
        ("idle", &["waiting", "never", "–"]),
    ] {
        let text = page.text(&format!("#j-{row}"));
        for word in words {
            assert!(text.contains(word), "{row} says {word}: {text}");
        }
    }
    assert!(page.probe("mark", json!(null)).is_null());
    let title = page.parts().into_iter().find(|part| part.role == "RootWebArea").expect("a document").name;
    assert_eq!(title, "1 wrong – Watchkeeper", "the tab says it, too");
}

#[test]
fn a_job_file_that_is_wrong_is_told_of_until_it_is_mended() {
    let site = Site::start("");
    let browser = site.browser();
    let page = browser.page(USUAL);
    page.go("/");
    page.see("#live >> text=Live");
    page.probe("mark", json!(null));
    site.deployment.job("crooked", "plugin = \"teller\"\nevry = \"1h\"\n");
    page.see("role=heading[name=\"1 file is not in force\"]");
    let banner = page.text(".banner");
    for words in ["jobs.d/crooked.toml", "evry", "every", "Nothing runs in its place."] {
        assert!(banner.contains(words), "it says {words}: {banner}");
    }
    assert!(page.text("#j-crooked").contains("broken"), "it stands among what is wrong");

    site.deployment.job("crooked", &telling("message = \"\"\n"));
    page.miss("text=not in force");
    page.see("#g-well #j-crooked");
    // A job that runs goes on as it was, and the page says since when.
    site.deployment.job("good", "plugin = 7\n");
    page.see("role=heading[name=\"1 file is not in force\"]");
    assert!(page.text(".banner").contains("In force is what was read"));
    assert_eq!(page.probe("isMarked", json!(null)), json!(true), "all of it without a reload");
}

#[test]
fn runs_skips_misses_and_failures_have_shapes_of_their_own() {
    let mut site = Site::start("");
    // A job for each: of what shares a column, the worst is drawn.
    for name in ["ticking", "pausing"] {
        site.deployment.job(name, &telling("message = \"tick\"\n").replace("1h", "1s"));
    }
    for name in ["lost", "cancelled"] {
        let held = telling("message = \"\"\nchain = \"silent\"\n");
        site.deployment.job(name, &format!("timeout = \"300s\"\n{held}"));
    }
    eventually("all jobs", SOON, || (site.watchkeeper.overview().jobs().len() == 7).then_some(()));
    let act = |act: &str| assert!(site.watchkeeper.post(act, &json!({})).status < 300, "{act}");
    act("jobs/pausing/pause");
    eventually("a run", SOON, || (site.count("ticking") > 0).then_some(()));
    due_times_pass();
    act("jobs/pausing/resume");
    eventually("a skip", SOON, || skipped(&site, "pausing", "paused"));
    act("jobs/pausing/pause");
    site.run("bad");
    let cancelled = site.begin("cancelled");
    act(&format!("runs/{cancelled}/cancel"));
    eventually("its end", SOON, || {
        (site.watchkeeper.api(&format!("runs/{cancelled}"))["run"]["outcome"] == "cancelled").then_some(())
    });
    // One run is lost with the process, and what falls due until the next one is missed.
    site.begin("lost");
    site.watchkeeper.signal(Signal::KILL);
    site.watchkeeper.wait();
    due_times_pass();
    site.watchkeeper = ready(&site.deployment);
    eventually("a miss", SOON, || skipped(&site, "ticking", "too_late"));
    site.begin("held");

    let browser = site.browser();
    let page = browser.page(USUAL);
    page.go("/");
    let names: Vec<_> = page.parts().into_iter().filter(|part| part.name.starts_with("Last 6 h: ")).collect();
    for words in ["success", "failed", "cancelled", "lost", "running", "skipped", "missed: too late"] {
        assert!(names.iter().any(|part| part.name.contains(words)), "{words} is told: {names:?}");
    }
    let legend = page.texts(".legend li");
    assert_eq!(legend, ["success", "failed", "lost", "cancelled", "running", "skipped", "missed: too late"]);

    let mut shapes: Vec<Value> = Vec::new();
    for drawing in page.probe("timelines", json!("tbody svg.line")).as_array().expect("drawings") {
        assert!(drawing["name"].as_str().is_some_and(|name| name.starts_with("Last 6 h: ")), "{drawing}");
        shapes.extend(drawing["shapes"].as_array().expect("shapes").iter().cloned());
    }
    shapes.sort_by_key(Value::to_string);
    shapes.dedup();
    assert_eq!(shapes.len(), 7, "all of them were drawn: {shapes:#?}");
    for (place, shape) in shapes.iter().enumerate() {
        for other in &shapes[place + 1..] {
            let look = |shape: &Value| (shape["heights"].clone(), shape["width"].clone());
            assert_ne!(look(shape), look(other), "without its colour it is the same");
        }
    }
    page.go("/jobs/ticking");
    page.click("text=What wasn’t a success, in words");
    let words = page.text("#in-words");
    assert!(words.contains("missed: too late"), "{words}");
}

/// Lets so much time go by that what runs each second was due.
fn due_times_pass() {
    let begun = Instant::now();
    eventually("due times", SOON, || (begun.elapsed() > Duration::from_secs(2)).then_some(()));
}

fn skipped(site: &Site, job: &str, reason: &str) -> Option<()> {
    let job = site.watchkeeper.api(&format!("jobs/{job}"));
    job["recent_skips"].as_array()?.iter().any(|skip| skip["reason"] == reason).then_some(())
}
