//! Bytes go from host to host, and none is lost where a plugin reads some of them.

use std::fmt::Write as _;

use super::stage::{WRITE, artifacts, folder_store, mover, nothing, restored, script, steps};
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

fn deployment(steps: &[&str]) -> Deployment {
    let deployment = Deployment::new("");
    let scripts = [
        script(&deployment, "numbers", &format!("seq -f %06.0f 0 {}", LINES - 1), ""),
        script(&deployment, "numbers-then-fail", &format!("seq -f %06.0f 0 {}; echo sorry >&2; exit 3", LINES - 1), ""),
        script(&deployment, "count", "wc -c", ""),
        nothing(&deployment),
    ];
    deployment.configure(&format!("{}\n{}", folder_store(&deployment), scripts.concat()));
    deployment.plugin("mover");
    deployment.job("mover", &mover(steps, &["numbers", "numbers-then-fail", "count"], &[], WRITE));
    deployment
}

#[test]
fn what_a_plugin_read_and_what_it_handed_on_are_the_whole() {
    for read in [0, 1, 7, 1_000, 262_144, 300_000] {
        let step = format!("{{ hand-on = {{ command = \"numbers\", read = {read}, name = \"rest\" }} }}");
        let deployment = deployment(&[&step]);
        let watchkeeper = Watchkeeper::start(&deployment);
        let steps = steps(&watchkeeper, "mover");
        let expected = numbers();
        let rest = String::from_utf8(restored(&deployment, "mover/rest")).unwrap();
        assert!(rest == expected[read..], "{read} bytes read: the rest has {} bytes", rest.len());
        // Log lines have blanks in the place of line ends.
        let begin = expected[..read.min(60)].replace('\n', " ");
        let told = format!("ok: {read} read, beginning with {}: the rest in mover/rest/", begin.trim_end());
        assert!(steps[0].starts_with(&told), "{told}\n{}", steps[0]);
    }
}

#[test]
fn an_artifact_goes_to_a_program_as_it_was() {
    let deployment = deployment(&["{ hand-on = { command = \"numbers\", read = 0, name = \"all\" } }"]);
    let watchkeeper = Watchkeeper::start(&deployment);
    steps(&watchkeeper, "mover");
    let path = artifacts(&deployment).pop().unwrap();
    let step = format!("{{ feed = {{ path = \"{path}\", command = \"count\" }} }}");
    deployment.job("reader", &mover(&[&step], &["count"], &[], "store = \"main\"\nread = [\"mover\"]"));
    assert_eq!(steps(&watchkeeper, "reader"), [format!("ok: {}", LINES * 7)]);
}

#[test]
fn a_producer_that_failed_leaves_nothing_whatever_the_plugin_says_of_it() {
    let deployment = deployment(&[
        "{ hand-on = { command = \"numbers-then-fail\", read = 0, name = \"honest\" } }",
        "{ hand-on = { command = \"numbers-then-fail\", read = 0, name = \"blind\", blindly = true } }",
        "{ hand-on = { command = \"numbers\", read = 0, name = \"unlike\", check = \"tar\" } }",
        "{ store = { name = \"own\", text = \"abc\", times = 1000, failure = \"thought better of it\" } }",
        "{ store = { name = \"good\", text = \"abc\", times = 1000 } }",
    ]);
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
