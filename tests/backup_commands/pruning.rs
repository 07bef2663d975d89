//! `backup prune`: the plan is shown, people are asked, and what must stay stays.

use watchkeeper_artifact_store::{Check, Manifest};

use super::shelf::{Shelf, answer, failed, succeeded};

/// Artifacts that were begun one, two and so on days ago, the oldest first.
fn days(shelf: &Shelf, name: &str, count: i64) -> Vec<Manifest> {
    (1..=count).rev().map(|day| shelf.put(name, Check::None, b"content", day * 24)).collect()
}

/// Which of them are there.
fn there(shelf: &Shelf, manifests: &[Manifest]) -> Vec<bool> {
    manifests.iter().map(|manifest| shelf.object(manifest, "manifest.json").exists()).collect()
}

fn job(shelf: &Shelf, retention: &str) {
    let grants = "[grants.artifacts]\nstore = \"main\"\nwrite = true\n";
    shelf.deployment.job("shop", &format!("plugin = \"postgres-backup\"\nevery = \"1h\"\n{grants}{retention}"));
}

#[test]
fn a_dry_run_shows_what_stays_and_why_and_deletes_nothing() {
    let shelf = Shelf::new();
    let all = days(&shelf, "shop/main", 4);
    succeeded(&shelf.call(&["verify", &all[0].path.to_string()]));
    let before = shelf.below("store");
    let ended = shelf.call(&["prune", "shop/main", "--keep-last", "2", "--dry-run"]);
    succeeded(&ended);
    let lines: Vec<String> =
        ended.stdout.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    let line = |of: usize, ago: &str, rest: &str| format!("{} {ago} ago {rest}", all[of].path);
    let expected = [
        "PATH BEGUN PLAN WHY".to_owned(),
        line(0, "4d", "stays one of the last two verified"),
        line(1, "3d", "goes"),
        line(2, "2d", "stays last 2"),
        line(3, "24h", "stays newest, last 2"),
    ];
    assert_eq!(lines, expected);
    assert_eq!(ended.stderr, "to be deleted: 1 artifact\n");
    assert_eq!(shelf.below("store"), before);
}

#[test]
fn what_no_rule_keeps_is_deleted_once_somebody_said_so() {
    let shelf = Shelf::new();
    let (main, roles) = (days(&shelf, "shop/main", 4), days(&shelf, "shop/roles", 3));
    let prune = ["prune", "shop/main", "--keep-last", "2"];
    failed(&shelf.call(&prune), 64, "nobody can be asked whether to delete\nhint: --dry-run shows what would go");
    let ended = shelf.answered(&prune, "no");
    assert!(ended.code == Some(1) && ended.stdout.contains("delete 2 artifacts? [y/N]: "), "{ended:?}");
    assert_eq!(there(&shelf, &main), [true; 4]);
    let ended = shelf.answered(&prune, "yes");
    assert!(ended.code == Some(0) && ended.stdout.contains(&format!("deleted {}", main[1].path)), "{ended:?}");
    assert_eq!(there(&shelf, &main), [false, false, true, true]);
    assert_eq!(there(&shelf, &roles), [true; 3]);

    // Each of a job's names by itself.
    let ended = shelf.call(&["prune", "shop", "--keep-within", "30h", "--yes", "--format", "json"]);
    succeeded(&ended);
    let done = answer(&ended);
    assert_eq!((&done["dry_run"], &done["names"][1]["name"]), (&false.into(), &"shop/roles".into()));
    assert_eq!(done["names"][1]["delete"].as_array().map(Vec::len), Some(2));
    assert_eq!(done["names"][0]["keep"][0]["reasons"], serde_json::json!(["newest", "within 30h"]));
    assert_eq!(
        (there(&shelf, &main), there(&shelf, &roles)),
        (vec![false, false, false, true], vec![false, false, true])
    );
    assert!(!shelf.below("store").iter().any(|name| name.contains(main[0].path.id.as_str())));
}

#[test]
fn the_policy_is_that_of_the_jobs_file_unless_rules_are_given() {
    let shelf = Shelf::new();
    let all = days(&shelf, "shop/main", 3);
    job(&shelf, "[grants.artifacts.retention]\nkeep_last = 2\n");
    succeeded(&shelf.call(&["prune", "shop/main", "--yes"]));
    assert_eq!(there(&shelf, &all), [false, true, true]);
    succeeded(&shelf.call(&["prune", "shop/main", "--keep-last", "1", "--yes"]));
    assert_eq!(there(&shelf, &all), [false, false, true]);
}

#[test]
fn without_a_policy_nothing_is_deleted() {
    let shelf = Shelf::new();
    let all = days(&shelf, "shop/main", 3);
    let prune = ["prune", "shop/main", "--yes"];
    failed(
        &shelf.call(&prune),
        78,
        "jobs.d/shop.toml: there is no such file\nhint: write `[grants.artifacts.retention]`",
    );
    job(&shelf, "");
    failed(&shelf.call(&prune), 78, "there is no retention policy");
    job(&shelf, "[grants.artifacts.retention]\nkeep_last = 0\n");
    failed(&shelf.call(&prune), 78, "the retention policy is empty");
    failed(&shelf.call(&["prune", "shop/main", "--keep-last", "0", "--yes"]), 64, "the retention policy is empty");
    failed(&shelf.call(&["prune", "shop/main", "--yes", "--url", &shelf.url()]), 64, "no policy\nhint: give rules");
    failed(&shelf.call(&["prune", "shop/main", "--keep-within", "soon", "--yes"]), 64, "is not a duration");
    let second = format!("[artifacts.second]\nurl = \"{}\"\n[artifacts.main]\nurl = \"{0}\"\n", shelf.url());
    shelf.deployment.configure(&second);
    job(&shelf, "[grants.artifacts.retention]\nkeep_last = 1\n");
    failed(&shelf.call(&["prune", "shop/main", "--yes", "--store", "second"]), 64, "is for store main");
    assert_eq!(there(&shelf, &all), [true; 3]);
}
