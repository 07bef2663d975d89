//! Prometheus' own tool as a judge of both formats.

use std::{
    env, fs,
    io::Write,
    process::{Command, Output, Stdio},
};

/// The program that `cargo xtask test` makes ready, or else the machine's.
fn promtool() -> Command {
    Command::new(env::var_os("WATCHKEEPER_PROMTOOL").unwrap_or_else(|| "promtool".into()))
}

fn run(command: &mut Command, input: &str) -> Output {
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child
        .unwrap_or_else(|error| panic!("promtool can't be started ({error}): run `cargo xtask test`, or install it"));
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn judge(output: &Output, text: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "promtool: {said}\n{text}");
}

/// `promtool check metrics` takes the text and finds nothing to say about it.
pub(crate) fn accepts_text(text: &str) {
    let output = run(promtool().args(["check", "metrics"]), text);
    judge(&output, text);
    assert!(output.stderr.is_empty(), "promtool: {}\n{text}", String::from_utf8_lossy(&output.stderr));
}

/// Prometheus' OpenMetrics parser takes the text. Its tool wants a time at each sample, which a scrape has
/// none of, so this adds them.
pub(crate) fn accepts_open_metrics(text: &str) {
    let folder = tempfile::tempdir().unwrap();
    let timed = |line: &str| {
        if line.starts_with("# ") { format!("{line}\n") } else { format!("{line} 1\n") }
    };
    let input = folder.path().join("metrics");
    fs::write(&input, text.split_terminator('\n').map(timed).collect::<String>()).unwrap();
    let mut command = promtool();
    command.args(["tsdb", "create-blocks-from", "openmetrics"]).arg(&input).arg(folder.path().join("data"));
    judge(&run(&mut command, ""), text);
}
