//! Each power over commands, trees and artifacts is enforced where it is used, and each denial says what to write.

use std::{fs, os::unix::fs::symlink};

use super::stage::{WRITE, artifacts, folder_store, job, mover, nothing, script, steps};
use crate::support::{Deployment, Watchkeeper, eventually};

const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);

fn deployment() -> Deployment {
    let deployment = Deployment::new("");
    fs::create_dir_all(deployment.path("tree/inner")).unwrap();
    fs::write(deployment.path("tree/inner/a"), "a").unwrap();
    fs::write(deployment.path("secret"), "hidden").unwrap();
    symlink(deployment.path("secret"), deployment.path("tree/link")).unwrap();
    symlink("/etc", deployment.path("tree/etc")).unwrap();
    let show = script(
        &deployment,
        "show",
        "printf '%s|' \"$@\"; env | sort | tr '\\n' ' '; ls /proc/self/fd | tr '\\n' ' '",
        "args = [\"fixed\", \"--db={db}\", \"{n}\"]\nholes.db = { type = \"name\" }\nholes.n = { type = \"integer\", min = 1, max = 9 }\n",
    );
    let other = script(&deployment, "other", "echo other", "");
    deployment.configure(&format!(
        "{}\n{show}{other}{}\n[files.tree]\npath = {:?}\n\n[files.other]\npath = \"/etc\"\n\n[artifacts.second]\nurl = \"file://{}\"\n",
        folder_store(&deployment),
        nothing(&deployment),
        deployment.path("tree"),
        deployment.path("second").display(),
    ));
    deployment.plugin("mover");
    deployment
}

#[test]
fn only_granted_commands_run_with_what_their_holes_admit() {
    let deployment = deployment();
    let run = |holes: &str| format!("{{ run = {{ command = \"show\", holes = {holes} }} }}");
    let asks = [
        run("{ db = \"shop\", n = \"3\" }"),
        "{ run = { command = \"other\" } }".to_owned(),
        "{ run = { command = \"nowhere\" } }".to_owned(),
        run("{ db = \"shop\" }"),
        run("{ db = \"shop\", n = \"3\", more = \"x\" }"),
        run("{ db = \"--option\", n = \"3\" }"),
        run("{ db = \"../etc\", n = \"3\" }"),
        run("{ db = \"a\\u0000b\", n = \"3\" }"),
        run("{ db = \"a\\nb\", n = \"3\" }"),
        run("{ db = \"shop\", n = \"10\" }"),
        run("{ db = \"shop\", n = \"-1\" }"),
    ];
    let asks: Vec<&str> = asks.iter().map(String::as_str).collect();
    deployment.job("mover", &mover(&asks, &["show"], &[], WRITE));
    let watchkeeper = Watchkeeper::start(&deployment);
    let steps = steps(&watchkeeper, "mover");
    assert!(steps[0].starts_with("ok: fixed|--db=shop|3|PATH=/usr/bin:/bin PWD="), "{}", steps[0]);
    assert!(!steps[0].contains("HOME=") && !steps[0].contains("CARGO"), "an empty environment: {}", steps[0]);
    // 3 is the folder that `ls` itself reads.
    assert!(steps[0].ends_with(" 0 1 2 3"), "no descriptor of ours: {}", steps[0]);
    for (place, step) in steps.iter().enumerate().skip(1) {
        assert!(step.starts_with("error: ") && step.contains("mover"), "{place}: {step}");
    }
    assert!(steps[1].contains("`other` is not granted hint: add it"), "what to do: {}", steps[1]);
    assert!(steps[5].contains("holes.db") && !steps[5].contains("--option"), "{}", steps[5]);
    assert!(steps[9].contains("from 1 to 9"), "{}", steps[9]);
}

#[test]
fn only_granted_trees_are_read_and_no_link_leads_out_of_them() {
    let deployment = deployment();
    let asks = [
        "{ list = { tree = \"tree\", folder = \"inner\" } }",
        "{ list = { tree = \"other\", folder = \"\" } }",
        "{ list = { tree = \"tree\", folder = \"../\" } }",
        "{ list = { tree = \"tree\", folder = \"/etc\" } }",
        "{ list = { tree = \"tree\", folder = \"etc\" } }",
        "{ pack = { tree = \"tree\", folder = \"etc\", name = \"stolen\" } }",
        "{ pack = { tree = \"tree\", name = \"tree\" } }",
    ];
    deployment.job("mover", &mover(&asks, &[], &["tree"], WRITE));
    let watchkeeper = Watchkeeper::start(&deployment);
    let steps = steps(&watchkeeper, "mover");
    assert_eq!(steps[0], "ok: a");
    assert!(steps[1].contains("grants.files") && steps[1].contains("hint: "), "{}", steps[1]);
    for step in &steps[2..6] {
        assert!(step.starts_with("error: "), "{step}");
    }
    assert!(steps[6].starts_with("ok: mover/tree/"), "{}", steps[6]);
    let tar = super::stage::restored(&deployment, "mover/tree");
    let text = String::from_utf8_lossy(&tar);
    assert!(!text.contains("hidden"), "a link is recorded, never followed");
    assert!(text.contains("inner/a"), "{text}");
}

#[test]
fn a_job_reads_writes_and_marks_only_what_it_was_granted() {
    let deployment = deployment();
    deployment.job("writer", &mover(&["{ store = { name = \"a\", text = \"text\" } }"], &[], &[], WRITE));
    let watchkeeper = Watchkeeper::start(&deployment);
    assert!(steps(&watchkeeper, "writer")[0].starts_with("ok: "));
    let path = artifacts(&deployment).pop().unwrap();
    let asks = [
        format!("{{ get = {{ path = \"{path}\" }} }}"),
        format!("{{ verify = {{ path = \"{path}\" }} }}"),
        format!("{{ mark = {{ path = \"{path}\" }} }}"),
        "{ entries = { prefix = \"writer/\" } }".to_owned(),
        "{ entries = { prefix = \"\" } }".to_owned(),
        "{ store = { name = \"b\", text = \"text\" } }".to_owned(),
        "{ retain = { name = \"a\" } }".to_owned(),
        "{ get = { path = \"writer/../../secret\" } }".to_owned(),
    ];
    let asks: Vec<&str> = asks.iter().map(String::as_str).collect();
    let reads = |job: &str, artifacts: &str| {
        deployment.job(job, &mover(&asks, &[], &[], artifacts));
        steps(&watchkeeper, job)
    };
    let other = reads("stranger", "store = \"main\"\nread = [\"somebody\"]");
    for step in &other {
        assert!(step.starts_with("error: ") && step.contains("stranger"), "{step}");
    }
    assert!(other[0].contains("read = [\"writer\"]"), "the line to add: {}", other[0]);
    assert!(other[5].contains("write = true"), "the line to add: {}", other[5]);
    let steps = reads("reader", "store = \"main\"\nread = [\"writer\"]");
    assert_eq!(steps[0], "ok: text");
    assert!(steps[1].contains("verified: true"), "{}", steps[1]);
    assert_eq!(steps[2], "ok: marked");
    assert_eq!(steps[3], format!("ok: {path}"));
    for step in &steps[4..] {
        assert!(step.starts_with("error: "), "{step}");
    }
}

#[test]
fn nothing_of_an_empty_policy_a_missing_store_or_an_unknown_name_is_granted() {
    let deployment = deployment();
    let watchkeeper = Watchkeeper::start(&deployment);
    let cases = [
        ("command = [\"nowhere\"]", "nowhere"),
        ("files = [\"nowhere\"]", "nowhere"),
        ("artifacts = { store = \"nowhere\", write = true }", "nowhere"),
        ("artifacts = { store = \"main\" }", "grants nothing"),
        ("artifacts = { store = \"main\", write = true, retention = {} }", "policy is empty"),
        ("artifacts = { store = \"main\", write = true, retention = { keep_last = 0 } }", "policy is empty"),
        ("artifacts = { store = \"main\", read = [\"a\"], retention = { keep_last = 1 } }", "stores nothing"),
        ("artifacts = { store = \"main\", write = true, retention = { keep_lots = 1 } }", "keep_lots"),
    ];
    for (place, (grants, why)) in cases.iter().enumerate() {
        let name = format!("case{place}");
        deployment.job(&name, &job("mover", "[config]\nsteps = []", grants));
        let path = deployment.path(&format!("jobs.d/{name}.toml")).display().to_string();
        let problem = eventually(&format!("{grants} to be refused"), PATIENCE, || {
            watchkeeper.overview().problems().get(&*path).map(|&problem| problem.to_owned())
        });
        assert!(problem.contains(why) && problem.contains("hint: "), "{grants}: {problem}");
    }
}
