//! Backups in a store that speaks S3, over a network that fails.

use std::time::Duration;

use super::stage::{WRITE, artifacts, backup, fail, job, mover, nothing, script, succeed};
use crate::support::{Deployment, ObjectStore, On, S3Fault, S3Faults, Watchkeeper, eventually};

/// 40 MiB that zstd can't make smaller, in a tar archive: several parts.
const NOISE: &str = "d=$(mktemp -d) && head -c 40000000 /dev/urandom > $d/noise && tar -C $d -cf - noise; rm -r $d";

struct Stage {
    store: ObjectStore,
    faults: S3Faults,
    deployment: Deployment,
    watchkeeper: Watchkeeper,
}

impl Stage {
    fn start() -> Self {
        let store = ObjectStore::start();
        let faults = S3Faults::start(&store.url());
        let deployment = Deployment::new("");
        let noise = script(&deployment, "noise", NOISE, "");
        deployment.configure(&format!(
            "[artifacts.main]\nurl = \"s3://{}/watch\"\noptions = {{ aws_endpoint = \"{}\", aws_region = \"{}\", aws_access_key_id = \"{}\", \
             aws_secret_access_key = \"{}\", aws_allow_http = \"true\" }}\n\n{noise}{}",
            ObjectStore::BUCKET,
            faults.url(),
            ObjectStore::REGION,
            ObjectStore::ACCESS_KEY,
            ObjectStore::SECRET_KEY,
            nothing(&deployment),
        ));
        deployment.plugin("mover");
        let steps = [
            "{ hand-on = { command = \"noise\", read = 0, name = \"noise\", check = \"tar\" } }",
            "{ retain = { name = \"noise\" } }",
        ];
        deployment.job(
            "mover",
            &mover(
                &steps,
                &["noise"],
                &[],
                &format!(
                    "{WRITE}
retention = {{ keep_last = 2 }}"
                ),
            ),
        );
        let watchkeeper = Watchkeeper::start(&deployment);
        Self { store, faults, deployment, watchkeeper }
    }

    fn steps(&self) -> Vec<String> {
        super::stage::steps(&self.watchkeeper, "mover")
    }
}

#[test]
fn a_store_over_http_takes_parts_and_survives_what_networks_do() {
    let stage = Stage::start();
    // What a network does once is tried again.
    for (on, fault) in [
        (On::Part(2), S3Fault::Status(503)),
        (On::Part(3), S3Fault::CutRequest),
        (On::Part(1), S3Fault::CutAnswer),
        (On::Complete, S3Fault::CutAnswer),
        (On::Put("manifest.json"), S3Fault::CutAnswer),
    ] {
        stage.faults.fail(on, fault, 1);
        let steps = stage.steps();
        stage.faults.heal();
        assert!(steps[0].starts_with("ok: "), "{on:?} {fault:?}: {steps:?}");
    }
    assert!(stage.faults.requests(On::Part(5)) > 0, "it came in parts");
    assert!(stage.store.unfinished().is_empty(), "{:?}", stage.store.unfinished());
    let paths = artifacts(&stage.deployment);
    assert_eq!(paths.len(), 2, "the policy was applied: {paths:?}");
    let verified = backup(&stage.deployment, &["verify", "mover", "--content"]);
    assert_eq!(verified.code, Some(0), "{verified:?}");
}

#[test]
fn a_part_that_arrives_changed_is_refused_and_nothing_is_listed() {
    let stage = Stage::start();
    stage.faults.fail(On::Part(2), S3Fault::Flip, usize::MAX);
    let steps = stage.steps();
    stage.faults.heal();
    assert!(steps[0].starts_with("error: "), "{steps:?}");
    assert_eq!(artifacts(&stage.deployment), Vec::<String>::new());
    assert!(stage.store.unfinished().is_empty(), "{:?}", stage.store.unfinished());
    assert!(stage.steps()[0].starts_with("ok: "));
}

#[test]
fn a_store_that_refuses_the_end_keeps_nothing_once_it_is_back() {
    let stage = Stage::start();
    stage.faults.fail(On::Put("manifest.json"), S3Fault::Status(403), usize::MAX);
    let steps = stage.steps();
    stage.faults.heal();
    assert!(steps[0].starts_with("error: "), "{steps:?}");
    assert_eq!(artifacts(&stage.deployment), Vec::<String>::new());
    let keys = stage.store.keys("watch/mover/noise");
    assert!(!keys.iter().any(|key| key.contains("content") || key.contains("manifest")), "{keys:?}");
}

#[test]
fn a_store_that_lists_late_loses_nothing() {
    let stage = Stage::start();
    assert!(stage.steps()[0].starts_with("ok: "));
    stage.faults.list_late();
    for _ in 0..3 {
        let steps = stage.steps();
        assert!(steps[0].starts_with("ok: "), "{steps:?}");
    }
    stage.faults.list_truly();
    assert!(stage.steps()[1].starts_with("ok: 2 kept"), "retention catches up");
    let verified = backup(&stage.deployment, &["verify", "mover"]);
    assert_eq!(verified.code, Some(0), "{verified:?}");
}

#[test]
fn a_wrong_key_is_told_and_never_shown() {
    let stage = Stage::start();
    let text = std::fs::read_to_string(stage.deployment.configuration()).unwrap();
    let (_, text) = text.split_once("\n\n").unwrap();
    stage.deployment.configure(&text.replace(ObjectStore::SECRET_KEY, "another-secret"));
    eventually("the store to be opened anew", Duration::from_secs(60), || {
        let steps = stage.steps();
        (steps[0].starts_with("error: ") && !steps[0].contains("another-secret")).then_some(())
    });
    assert!(!stage.watchkeeper.log().contains("another-secret"));
}

/// The same with a plugin that makes backups: what can't be stored is no success.
#[test]
fn a_store_that_is_away_fails_the_run_and_the_next_one_succeeds() {
    let stage = Stage::start();
    let text = std::fs::read_to_string(stage.deployment.configuration()).unwrap();
    let (_, text) = text.split_once("\n\n").unwrap();
    stage.deployment.plugin("files-backup");
    let tree = stage.deployment.path("tree");
    std::fs::create_dir(&tree).unwrap();
    std::fs::write(tree.join("a"), vec![7; 100_000]).unwrap();
    stage.deployment.configure(&format!("{text}\n[files.tree]\npath = {tree:?}\n"));
    let grants = "files = [\"tree\"]\n\n[grants.artifacts]\nstore = \"main\"\nwrite = true";
    stage.deployment.job("files", &job("files-backup", "[config]\ntrees = [{ tree = \"tree\" }]", grants));
    eventually("the job to be there", Duration::from_secs(60), || {
        stage.watchkeeper.overview().job("files").filter(|job| job["problem"].is_null()).map(|_| ())
    });
    stage.faults.fail(On::Any, S3Fault::Status(403), usize::MAX);
    let message = fail(&stage.watchkeeper, "files");
    assert!(!message.contains(ObjectStore::SECRET_KEY), "{message}");
    stage.faults.heal();
    succeed(&stage.watchkeeper, "files");
    assert_eq!(artifacts(&stage.deployment).len(), 1);
}
