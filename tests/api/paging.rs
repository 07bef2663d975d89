//! Long lists in pages: each entry on exactly one, in the order of the whole, while new ones come.

use serde_json::Value;

use super::furnished::Furnished;
use crate::support::Watchkeeper;

#[test]
fn runs_come_in_pages_without_a_gap_and_without_a_repetition() {
    let furnished = Furnished::start();
    let watchkeeper = &furnished.watchkeeper;
    let newest = furnished.newest("talks");
    let whole = ids(&watchkeeper.api(&format!("runs?limit=500&page={newest}"))["runs"]);
    assert!(whole.len() > 6 && whole.is_sorted_by(|later, earlier| later > earlier), "{whole:?}");

    let mut paged = Vec::new();
    let mut next = Some(newest);
    while let Some(page) = next {
        watchkeeper.after_run("talks", "success");
        let page = watchkeeper.api(&format!("runs?limit=3&page={page}"));
        let here = ids(&page["runs"]);
        assert!(here.len() == 3 || page["next"].is_null(), "only the last page is short: {page:#}");
        paged.extend(here);
        next = page["next"].as_str().map(str::to_owned);
    }
    assert_eq!(paged, whole);
}

#[test]
fn lines_of_logs_come_in_pages_and_then_as_they_are_said() {
    let furnished = Furnished::start();
    let watchkeeper = &furnished.watchkeeper;
    let whole = lines(&watchkeeper.api("logs?after=0&limit=500"));
    assert!(whole.len() >= 6, "{whole:?}");
    let mut paged = Vec::new();
    let mut after = 0;
    while paged.len() < whole.len() {
        let page = watchkeeper.api(&format!("logs?after={after}&limit=2"));
        let here = lines(&page);
        assert!(!here.is_empty(), "it ends before its end: {paged:?}");
        paged.extend(here);
        after = page["last"].as_u64().expect("a number where there are lines");
    }
    assert_eq!(paged[..whole.len()], whole);

    let newest = lines(&watchkeeper.api("logs?limit=3"));
    let texts: Vec<_> = newest.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(texts, ["one", "two", "three"], "without a beginning: the last ones, the oldest first");
    let last = newest[2].0;
    watchkeeper.after_run("talks", "success");
    let new = lines(&watchkeeper.api(&format!("logs?after={last}&limit=500")));
    assert!(new.len() >= 3 && new.iter().all(|(number, _)| *number > last), "{new:?}");
}

#[test]
fn actions_come_in_pages_the_newest_first() {
    let furnished = Furnished::start();
    let watchkeeper: &Watchkeeper = &furnished.watchkeeper;
    let numbers = |page: &Value| -> Vec<u64> {
        let actions = page["actions"].as_array().expect("a list of actions").iter();
        actions.map(|action| action["number"].as_u64().expect("a number")).collect()
    };
    let whole = numbers(&watchkeeper.api("actions"));
    assert!(whole.len() >= 5 && whole.is_sorted_by(|later, earlier| later > earlier), "{whole:?}");
    let mut paged = Vec::new();
    let mut query = "actions?limit=2".to_owned();
    loop {
        let page = watchkeeper.api(&query);
        paged.extend(numbers(&page));
        let Some(next) = page["next"].as_u64() else { break };
        query = format!("actions?limit=2&page={next}");
    }
    assert_eq!(paged, whole);
}

#[track_caller]
fn ids(runs: &Value) -> Vec<String> {
    let runs = runs.as_array().unwrap_or_else(|| panic!("no list: {runs}")).iter();
    runs.map(|run| run["id"].as_str().expect("a name").to_owned()).collect()
}

/// Each line's number and text.
#[track_caller]
fn lines(page: &Value) -> Vec<(u64, String)> {
    let lines = page["lines"].as_array().unwrap_or_else(|| panic!("no list: {page}")).iter();
    let line = |line: &Value| {
        let text = line["line"]["message"].as_str().expect("a text").to_owned();
        (line["number"].as_u64().expect("a number"), text)
    };
    lines.map(line).collect()
}
