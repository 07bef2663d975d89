//! Bytes go from host to host, and none is lost where a plugin reads some of them.

use std::fmt::Write as _;

use super::stage::{artifacts, folder_store, job, restored, script, steps};
use crate::support::{Deployment, Watchkeeper};

/// Lines of seven bytes, about 7 MiB: more than all buffers on the way.
const LINES: u32 = 1_000_000;

fn numbers() -> String {
    let mut text = String::new();
    for number in 0..LINES {
        writeln!(text, "{number:06}").unwrap();
    }
    text
}

fn deployment(steps: &str, more: &str) -> Deployment {
    let deployment = Deployment::new("");
    let scripts = [
        script(&deployment, "numbers", &format!("seq -f %06.0f 0 {}", LINES - 1), ""),
        script(&deployment, "numbers-then-fail", &format!("seq -f %06.0f 0 {}; echo sorry >&2; exit 3", LINES - 1), ""),
        script(&deployment, "count", "wc -c", ""),
    ];
    deployment.configure(&format!("{}\n{}\n{more}", folder_store(&deployment), scripts.concat()));
    deployment.plugin("mover");
    let grants = "command = [\"numbers\", \"numbers-then-fail\", \"count\"]\n\n[grants.artifacts]\nstore = \"main\"\nwrite = true";
    deployment.job("mover", &job("mover", &format!("[config]\nsteps = [\n{steps}\n]"), grants));
    deployment
}

#[test]
fn what_a_plugin_read_and_what_it_handed_on_are_the_whole() {
    for read in [0, 1, 7, 1_000, 262_144, 300_000] {
        let deployment =
            deployment(&format!("{{ hand-on = {{ command = \"numbers\", read = {read}, name = \"rest\" }} }},"), "");
        let watchkeeper = Watchkeeper::start(&deployment);
        let steps = steps(&watchkeeper, "mover");
        let (begin, _) =
            steps[0].strip_prefix("ok: ").and_then(|text| text.split_once(" read, the rest in")).expect(&steps[0]);
        let expected = numbers();
        let rest = String::from_utf8(restored(&deployment, "mover/rest")).unwrap();
        assert!(rest == expected[read..], "{read} bytes read: the rest has {} bytes", rest.len());
        // Log lines lose line ends and are bounded: the beginning is enough.
        let begin: String = begin.chars().filter(char::is_ascii_digit).take(60).collect();
        assert!(expected.replace('\n', "").starts_with(&begin), "{begin}");
    }
}

#[test]
fn an_artifact_goes_to_a_program_as_it_was() {
    let deployment = deployment("{ hand-on = { command = \"numbers\", read = 0, name = \"all\" } },", "");
    let watchkeeper = Watchkeeper::start(&deployment);
    steps(&watchkeeper, "mover");
    let path = artifacts(&deployment).pop().unwrap();
    let grants = "command = [\"count\"]\n\n[grants.artifacts]\nstore = \"main\"\nread = [\"mover\"]";
    let config = format!("[config]\nsteps = [{{ feed = {{ path = \"{path}\", command = \"count\" }} }}]");
    deployment.job("reader", &job("mover", &config, grants));
    crate::support::eventually("the job to be there", std::time::Duration::from_secs(30), || {
        watchkeeper.overview().job("reader").map(|_| ())
    });
    assert_eq!(steps(&watchkeeper, "reader"), [format!("ok: {}", LINES * 7)]);
}

#[test]
fn a_producer_that_failed_leaves_nothing_whatever_the_plugin_says_of_it() {
    let deployment = deployment(
        "{ hand-on = { command = \"numbers-then-fail\", read = 0, name = \"honest\" } },\n\
         { hand-on = { command = \"numbers-then-fail\", read = 0, name = \"blind\", blindly = true } },\n\
         { hand-on = { command = \"numbers\", read = 0, name = \"unlike\", check = \"tar\" } },\n\
         { store = { name = \"own\", text = \"abc\", times = 1000, failure = \"thought better of it\" } },\n\
         { store = { name = \"good\", text = \"abc\", times = 1000 } },",
        "",
    );
    let watchkeeper = Watchkeeper::start(&deployment);
    let steps = steps(&watchkeeper, "mover");
    assert!(steps[0].starts_with("error: ") && steps[0].contains("code 3") && steps[0].contains("sorry"), "{steps:?}");
    assert!(
        steps[1].starts_with("error: ") && steps[1].contains('3'),
        "the host knows how the program ended: {steps:?}"
    );
    assert!(steps[2].starts_with("error: ") && steps[2].contains("tar"), "{steps:?}");
    assert!(steps[3].starts_with("error: ") && steps[3].contains("thought better of it"), "{steps:?}");
    assert!(steps[4].starts_with("ok: mover/good/"), "{steps:?}");
    assert_eq!(artifacts(&deployment).len(), 1);
    assert_eq!(restored(&deployment, "mover/good"), "abc".repeat(1000).into_bytes());
}
