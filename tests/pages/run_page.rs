//! A run's page: what became of it, what it cost, its tries and what it said.

use super::{SOON, Site, browser::USUAL, telling};
use crate::support::eventually;

#[test]
fn a_run_shows_its_numbers_its_plugin_and_what_it_logged() {
    let site = Site::start("");
    let run = site.run("good");
    let browser = site.browser();
    let page = browser.page(USUAL);
    page.go("/jobs/good");
    page.click("role=region[name=\"Recent runs\"] >> role=link[name=\"success\"]");
    assert!(page.text("h1").contains("success"));
    assert!(page.text("h1").contains(run["id"].as_str().unwrap()));
    assert_eq!(page.text(".said"), "all 12 disks are well");
    let numbers = page.text(".numbers");
    for name in ["Start delay", "Duration", "Processor time", "Peak memory"] {
        assert!(numbers.contains(name), "{numbers}");
    }
    assert!(!numbers.contains('–'), "all are known: {numbers}");
    assert!(page.text("role=region[name=\"Log\"]").contains("disk 7 is warm"));
    let ran = page.text(".card:has(h2:text(\"What ran\"))");
    for words in ["teller", run["digest"].as_str().unwrap(), "by local token"] {
        assert!(ran.contains(words), "{words}: {ran}");
    }
}

#[test]
fn the_tries_of_a_run_stand_together() {
    let site = Site::start("");
    let flaky =
        telling("message = \"disk 7 is away\"\nfails = \"unavailable\"\n[retry]\nattempts = 2\nbackoff = \"100ms\"\n");
    site.deployment.job("flaky", &flaky);
    eventually("the new job", SOON, || site.watchkeeper.overview().job("flaky").map(drop));
    let first = site.begin("flaky");
    eventually("the second try's end", SOON, || {
        let tries = site.watchkeeper.api(&format!("runs/{first}"))["attempts"].take();
        let tries = tries.as_array()?;
        (tries.len() == 2 && tries.iter().all(|one| !one["finished"].is_null())).then_some(())
    });
    let browser = site.browser();
    let page = browser.page(USUAL);
    page.go(&format!("/runs/{first}"));
    let tries = page.text("role=region[name=\"Attempts\"]");
    assert_eq!(page.texts("role=region[name=\"Attempts\"] >> role=link[name=\"unavailable\"]").len(), 2, "{tries}");
    assert!(tries.contains("attempt 2"), "{tries}");
    assert!(page.text("h1").contains("unavailable"));
}

#[test]
fn hostile_words_are_text_wherever_they_stand() {
    let site = Site::start("");
    let words =
        "</title></p><script>document.title = 'taken'</script><img src=x onerror=alert(1)>\\u001b[31m\\u202e' \\\"&lt;";
    let hostile = format!("message = \"{words}\"\nlines = [\"{words}\"]\nfails = \"failed\"\n");
    site.deployment.job("hostile", &telling(&hostile));
    eventually("the new job", SOON, || site.watchkeeper.overview().job("hostile").map(drop));
    let run = site.run("hostile");
    let note = "<script>document.title = 'taken'</script>";
    site.watchkeeper.post("jobs/hostile/pause", &serde_json::json!({"note": note}));

    let browser = site.browser();
    let page = browser.page(USUAL);
    let run = format!("/runs/{}", run["id"].as_str().unwrap());
    for path in ["/", "/jobs/hostile", "/runs", &run, "/actions", "/plugins", "/?q=%3Cscript%3Ealert(1)%3C/script%3E"] {
        page.go(path);
        let shown = page.text("body");
        assert_eq!(page.texts("main script, main img").len(), 0, "{path}: {shown}");
        assert!(!shown.contains(['\u{1b}', '\u{202e}']), "{path}: {shown}");
        let title = page.parts().into_iter().find(|part| part.role == "RootWebArea").expect("a document").name;
        assert!(title.ends_with(" – Watchkeeper"), "{path}: {title}");
    }
    page.go(&run);
    assert!(page.text(".said").contains("<script>document.title = 'taken'</script><img src=x"), "all of it is there");
    assert!(page.text("role=region[name=\"Log\"]").contains("<img src=x onerror=alert(1)>"));
    page.go("/");
    assert!(page.text("#j-hostile").contains(note));
}
