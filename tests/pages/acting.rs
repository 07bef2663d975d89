//! What a reader does: every act is asked about first, shown at once, and kept with who did it and why.

use serde_json::json;

use super::{SOON, Site, browser::USUAL};
use crate::support::eventually;

#[test]
fn a_run_begins_by_a_button_that_asks_first_and_shows_without_a_reload() {
    let site = Site::start("");
    let browser = site.browser();
    let page = browser.page(USUAL);
    site.sign_in(&page);
    page.go("/jobs/good");
    page.click("role=link[name=\"Run now\"]");
    page.see("role=dialog[name=\"Run good now?\"]");
    page.click("role=dialog >> role=link[name=\"Leave it\"]");
    page.miss("role=dialog");
    assert_eq!(site.count("good"), 0, "asking runs nothing");

    page.click("role=link[name=\"Run now\"]");
    page.click("role=dialog >> role=button[name=\"Run now\"]");
    page.see("role=status >> text=A run was asked for.");
    page.probe("mark", json!(null));
    page.see("role=region[name=\"Recent runs\"] >> role=link[name=\"success\"]");
    assert!(page.text("role=region[name=\"Recent runs\"]").contains("all 12 disks are well"));
    assert_eq!(site.count("good"), 1);

    let action = site.watchkeeper.api("actions")["actions"].get_mut(0).expect("an action").take();
    assert_eq!(
        (&action["by"], &action["verb"], &action["job"]),
        (&json!("local token"), &json!("run"), &json!("good"))
    );
    page.go("/actions");
    assert!(page.text("role=table").contains("local token"), "who did it is shown");
}

#[test]
fn a_pause_keeps_its_note_until_the_job_is_resumed() {
    let site = Site::start("");
    let browser = site.browser();
    let page = browser.page(USUAL);
    site.sign_in(&page);
    page.click("role=link[name=\"Pause good\"]");
    page.fill("role=dialog >> role=textbox", "disk 7 is being <b>swapped</b>");
    page.click("role=dialog >> role=button[name=\"Pause\"]");
    page.see("role=status >> text=The job was paused.");
    assert!(page.text("h1").contains("paused"));
    page.go("/");
    let row = page.text("#j-good");
    assert!(row.contains("Paused by local token: disk 7 is being <b>swapped</b>"), "{row}");
    assert!(page.text("#g-paused").contains("good"), "it stands with the paused ones");

    page.click("role=link[name=\"Resume good\"]");
    page.click("role=dialog >> role=button[name=\"Resume\"]");
    page.see("role=status >> text=The job was resumed.");
    assert!(page.text("h1").contains("waiting"), "it never ran: {}", page.text("h1"));
    page.go("/");
    page.miss("#g-paused");
}

#[test]
fn a_run_that_goes_on_for_too_long_is_cancelled() {
    let site = Site::start("");
    let browser = site.browser();
    let page = browser.page(USUAL);
    site.sign_in(&page);
    let id = site.begin("held");
    page.go("/");
    page.see("#j-held >> text=running now");
    page.click("#j-held >> role=link[name=\"running now\"]");
    assert!(page.text("h1").contains("running"));
    page.click("role=link[name=\"Cancel\"]");
    page.fill("role=dialog >> role=textbox", "it hangs");
    page.click("role=dialog >> role=button[name=\"Cancel the run\"]");
    page.see("role=status >> text=The run was asked to end.");
    page.see("h1 >> text=cancelled");
    page.miss("role=link[name=\"Cancel\"]");
    let run = site.watchkeeper.api(&format!("runs/{id}"));
    assert_eq!(run["run"]["outcome"], "cancelled", "{run}");
    let action = site.watchkeeper.api("actions")["actions"].get_mut(0).expect("an action").take();
    assert_eq!((&action["verb"], &action["note"]), (&json!("cancel"), &json!("it hangs")));
}

#[test]
fn due_times_are_left_out_as_many_as_asked() {
    let site = Site::start("");
    let browser = site.browser();
    let page = browser.page(USUAL);
    site.sign_in(&page);
    page.go("/jobs/good");
    page.click("role=link[name=\"Skip next\"]");
    page.fill("role=spinbutton[name=\"How many\"]", "2");
    page.click("role=dialog >> role=button[name=\"Skip\"]");
    page.see("text=To be skipped next");
    eventually("the API says so too", SOON, || {
        (site.watchkeeper.overview().job("good")?["skip_next"] == 2).then_some(())
    });
}

#[test]
fn an_act_that_goes_with_nothing_says_why_and_changes_nothing() {
    let site = Site::start("");
    let browser = site.browser();
    let page = browser.page(USUAL);
    page.forgive("404");
    site.sign_in(&page);
    page.go("/jobs/good");
    page.click("role=link[name=\"Run now\"]");
    page.see("role=dialog");
    site.deployment.remove_job("good");
    eventually("the job is gone", SOON, || site.watchkeeper.overview().job("good").is_none().then_some(()));
    page.click("role=dialog >> role=button[name=\"Run now\"]");
    page.see("role=heading[name=\"Nothing here\"]");
}
