//! 500 jobs on one page.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{SOON, Site, browser::USUAL};
use crate::support::{Deployment, eventually};

const JOBS: usize = 500;
/// Far above what it takes; what grows with the square of the jobs takes longer.
const LOADED: Duration = Duration::from_secs(10);

#[test]
fn five_hundred_jobs_are_shown_found_and_kept_current() {
    let mut site = Site::start("");
    write_jobs(&site.deployment);
    site.watchkeeper.act("/-/reload", &[]);
    eventually("all jobs", SOON, || (site.watchkeeper.overview().jobs().len() > JOBS).then_some(()));
    site.run("bad");
    site.run("disk-017");

    let whole = site.watchkeeper.get("/", &[("accept-encoding", "identity")]);
    assert!(whole.body.len() < 1_500_000, "{} bytes", whole.body.len());

    let browser = site.browser();
    let page = browser.page(USUAL);
    page.forgive("ERR_");
    let begun = Instant::now();
    page.go("/");
    page.see("#j-bad");
    assert!(begun.elapsed() < LOADED, "{:?}", begun.elapsed());
    page.probe("mark", json!(null));

    page.fill("role=searchbox[name=\"Filter\"]", "disk-017");
    page.see("#j-disk-017 >> text=success");
    page.miss("#j-bad");
    page.miss("#j-disk-018");
    page.fill("role=searchbox[name=\"Filter\"]", "no such job");
    page.see("text=No job is like that.");
    page.fill("role=searchbox[name=\"Filter\"]", "disk-018");
    page.see("#j-disk-018 >> text=never");
    site.run("disk-018");
    page.see("#j-disk-018 >> text=success");
    assert_eq!(page.probe("isMarked", json!(null)), json!(true), "without a reload");
    assert_eq!(site.watchkeeper.end(), Some(0));
    page.see("#live >> text=Connection lost");
}

fn write_jobs(deployment: &Deployment) {
    deployment.plugin("steady");
    for number in 0..JOBS {
        let text = format!("plugin = \"steady\"\nevery = \"1h\"\ncatch_up = \"none\"\n[config]\nvalue = {number}\n");
        deployment.job(&format!("disk-{number:03}"), &text);
    }
}
