//! What a program writes is bounded, whatever it does.

use std::{fs, time::Duration};

use watchkeeper_command::{Exit, Running};
use watchkeeper_contract::byte_stream;

use crate::support::{House, cut, line, lives, read, run_whole, script, soon, start, until};

/// The most memory that this process had, in KiB.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_fills_standard_error_is_heard_to_the_end_in_little_memory() {
    let filled = "head -c 1073741824 /dev/zero | tr '\\0' x >&2; printf '\\nlast words\\n' >&2; exit 1";
    let house = House::new([("loud", script(filled, &[]))]);
    let before = peak();
    let (_, _, ended) = run_whole(&house.begin(), "loud", None).await;
    assert_eq!((ended.exit, ended.stderr.as_str()), (Exit::Code(1), "last words"));
    assert!(peak() - before < 64 << 10, "{} KiB more than before", peak() - before);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_one_long_line_is_kept() {
    let house = House::new([("long", script("head -c 100000 /dev/zero | tr '\\0' x >&2; printf end >&2", &[]))]);
    let (_, _, ended) = run_whole(&house.begin(), "long", None).await;
    assert!(ended.stderr.len() == 16 << 10 && ended.stderr.ends_with("xend"), "{}", ended.stderr.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_writes_for_ever_is_ended_at_its_limit() {
    let mut settings = script("sh -c 'echo $$; exec yes' & wait", &[]);
    settings.max_output = 8 << 20;
    let house = House::new([("yes", settings)]);
    let (bytes, verdict, ended) = run_whole(&house.begin(), "yes", None).await;
    assert_eq!(ended.exit, Exit::TooMuchOutput);
    assert!(bytes.len() <= 8 << 20 && bytes.len() > 4 << 20, "{}", bytes.len());
    assert_eq!(verdict, Err("command `yes` wrote more than its `max_output`, and was ended".to_owned()));
    let first = bytes.split(|byte| *byte == b'\n').find(|line| line.first().is_some_and(u8::is_ascii_digit));
    assert!(!lives(std::str::from_utf8(first.unwrap()).unwrap()));
    assert_eq!(house.ended("output_limit"), 1.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_byte_more_is_too_much_also_from_a_program_that_is_gone_by_then() {
    for (written, exit) in [("1000", Exit::Code(0)), ("1001", Exit::TooMuchOutput)] {
        let mut settings = script("head -c $1 /dev/zero", &[written]);
        settings.max_output = 1000;
        let house = House::new([("head", settings)]);
        let (bytes, verdict, ended) = run_whole(&house.begin(), "head", None).await;
        assert_eq!((verdict.is_ok(), &ended.exit), (exit == Exit::Code(0), &exit));
        assert!(bytes.len() <= 1000);
        let counted = house.count("watchkeeper_command_output_bytes_total", "head");
        assert!(exit != Exit::Code(0) || counted == 1000.0, "{counted}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_nobody_reads_any_more_is_ended() {
    let house = House::new([("talk", script("echo $$; while :; do sleep 0.05; done", &[]))]);
    let run = house.begin();
    let mut running = soon(start(&run, "talk", None)).await.unwrap();
    let pid = line(&mut running.stdout).await;
    drop(running.stdout);
    assert_eq!(cut(&soon(running.ended).await.unwrap()), "nobody reads its output any more");
    assert!(!lives(&pid));
    assert_eq!(house.ended("cut_short"), 1.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_is_told_to_one_who_has_not_read_yet_and_nothing_is_lost() {
    // Less than the pipe alone holds, and more than a piece or two.
    let house = House::new([("slow", script("head -c 900000 /dev/zero", &[]))]);
    let run = house.begin();
    let Running { stdout, ended } = soon(start(&run, "slow", None)).await.unwrap();
    assert_eq!(soon(ended).await.unwrap().exit, Exit::Code(0));
    let (bytes, verdict) = read(stdout).await;
    assert_eq!((bytes.len(), verdict), (900_000, Ok(())));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_closed_its_output_goes_on_and_the_stream_waits_for_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("closed");
    let house = House::new([("quiet", script("echo out; exec >&-; touch $1; read go", &[file.to_str().unwrap()]))]);
    let run = house.begin();
    let (sink, stdin) = byte_stream();
    let mut running = soon(start(&run, "quiet", Some(stdin))).await.unwrap();
    assert_eq!(line(&mut running.stdout).await, "out");
    until("it closed its output", || file.exists()).await;
    let more = tokio::time::timeout(Duration::from_millis(50), running.stdout.next()).await;
    assert!(more.is_err(), "the end came before the program's: {more:?}");
    sink.send("go\n".into()).await.unwrap();
    assert_eq!(soon(running.ended).await.unwrap().exit, Exit::Code(0));
    assert_eq!(read(running.stdout).await, (Vec::new(), Ok(())));
}
