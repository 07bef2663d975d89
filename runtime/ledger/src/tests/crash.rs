//! What was acknowledged is there after the worst: a killed process, a file that can't grow. The test binary runs itself
//! again as the process that suffers; the variable `LEDGER_CHILD` tells it so.

use std::{
    collections::{HashMap, HashSet},
    io::{BufRead, BufReader, Write as _},
    path::Path,
    process::{Child, Command, Stdio},
};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use watchkeeper_model::{JobName, Outcome, RunId};

use super::{at, claim, due, end, finish_with, generation, job, node, run, set};
use crate::{Book, Ledger, LedgerError, RunFilter};

pub(super) const CHILD: &str = "LEDGER_CHILD";
const WRITERS: u64 = 8;
const ROUNDS: usize = 6;
/// How the child's lines begin that tell what was answered.
pub(super) const ACKNOWLEDGED: &str = "acknowledged";

#[tokio::test]
async fn what_was_answered_before_a_kill_is_there_and_nothing_is_half_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let mut heard = Heard::default();
    let mut lost = 0;
    for round in 0..ROUNDS {
        let mut child = again("crash::child_runs_for_ever", &path, Command::new(std::env::current_exe().unwrap()));
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        // Another moment each time, by what it has done and not by the clock.
        heard.take(lines.by_ref().filter(|line| line.contains(ACKNOWLEDGED)).take(40 + 67 * round));
        child.kill().unwrap();
        // What it said before it died counts too.
        heard.take(lines.filter(|line| line.contains(ACKNOWLEDGED)));
        child.wait().unwrap();

        let mut book = Book::open(&path, &node()).unwrap();
        for (name, &(claimed, finished)) in &heard.of_job {
            heard_is_there(&book, &job(name), claimed, finished);
        }
        let recovery = book.recover(at(0)).unwrap();
        assert!(recovery.lost.iter().all(|run| book.run(run.start.id).unwrap().unwrap().run == *run));
        assert!(book.unfinished().unwrap().is_empty());
        lost += recovery.lost.len();
    }
    assert_eq!(heard.of_job.len() as u64, WRITERS);
    assert!(lost > 0, "no kill hit a run that was going");
}

/// By job, the last due time whose claim was answered, and the last whose end was.
#[derive(Default)]
struct Heard {
    of_job: HashMap<String, (u64, u64)>,
}

impl Heard {
    fn take(&mut self, lines: impl Iterator<Item = String>) {
        for line in lines {
            let words: Vec<_> = line.split(' ').skip_while(|word| *word != ACKNOWLEDGED).collect();
            // A line that the kill cut is not heard.
            let [_, job, what, number, "."] = words[..] else { continue };
            let (claimed, finished) = self.of_job.entry(job.to_owned()).or_default();
            *(if what == "claimed" { claimed } else { finished }) = number.parse().unwrap();
        }
    }
}

fn heard_is_there(book: &Book, job: &JobName, claimed: u64, finished: u64) {
    let record = book.job(job).unwrap().unwrap();
    let cursor = u64::try_from(record.cursor.as_second() - at(0).as_second()).unwrap();
    assert!((claimed..=claimed + 1).contains(&cursor), "{job}: answered {claimed}, the cursor is at {cursor}");
    let filter = RunFilter { job: Some(job.clone()), limit: 1_000, ..RunFilter::default() };
    let runs = book.runs(&filter).unwrap();
    let due: HashSet<_> = runs.iter().map(|run| run.start.trigger.nominal().unwrap()).collect();
    assert_eq!(due.len(), runs.len(), "{job}: a due time ran twice");
    assert_eq!(record.runs, cursor, "{job}: the counts and the cursor part");
    assert!(
        cursor > 1_000 || runs.len() as u64 == cursor,
        "{job}: a claim without its run, or a run without its claim"
    );

    let succeeded = runs.iter().filter(|run| run.end.as_ref().is_some_and(|end| end.outcome == Outcome::Success));
    let last = succeeded
        .filter_map(|run| run.start.trigger.nominal())
        .max()
        .map_or(0, |nominal| nominal.as_second() - at(0).as_second());
    let last = u64::try_from(last).unwrap();
    assert!((finished..=finished + 1).contains(&last), "{job}: answered {finished}, the last end is of {last}");
    let value = (last > 0).then(|| value(last));
    assert_eq!(book.state(job, "first").unwrap(), value, "{job}: state and end part");
    assert_eq!(book.state(job, "second").unwrap(), value, "{job}: torn transaction");
}

/// Some pages long, every byte of it told by the number.
fn value(number: u64) -> Vec<u8> {
    number.to_le_bytes().repeat(2_000)
}

#[tokio::test]
async fn child_runs_for_ever() {
    let Some(path) = std::env::var_os(CHILD) else {
        return;
    };
    let ledger = Ledger::open(Path::new(&path), &node()).unwrap();
    ledger.recover(at(0)).await.unwrap();
    let ledger = &ledger;
    let writers = (0..WRITERS).map(|writer| async move {
        let name = format!("job-{writer}");
        let record = ledger.job(&job(&name)).await.unwrap();
        if record.is_none() {
            ledger.record_one(generation(&name, "every 1s", 0)).await.unwrap();
        }
        let cursor = record.map_or(0, |record| record.cursor.as_second() - at(0).as_second());
        // The parent may have closed the pipe, and kills next.
        let say =
            |what: &str, second: i64| drop(writeln!(std::io::stdout(), "{ACKNOWLEDGED} {name} {what} {second} ."));
        for second in cursor + 1.. {
            let mut run = due(&name, second);
            run.id = RunId::new(at(second), u128::from(writer));
            run.first = run.id;
            let value = value(u64::try_from(second).unwrap());
            let changes = vec![set("first", value.clone()), set("second", value)];
            ledger.record_one(claim(&run)).await.unwrap();
            say("claimed", second);
            ledger.record_one(finish_with(&run, end(Outcome::Success, second), changes)).await.unwrap();
            say("finished", second);
        }
    });
    futures_util::future::join_all(writers).await;
}

#[test]
fn a_file_that_cannot_grow_is_an_error_and_the_ledger_goes_on_when_it_can() {
    let folder = tempfile::tempdir().unwrap();
    let mut shell = Command::new("sh");
    // Where the signal is ignored, a write past the limit (in blocks of 512 bytes) fails.
    shell.args(["-c", "trap '' XFSZ; ulimit -S -f 1000; exec \"$0\" \"$@\""]).arg(std::env::current_exe().unwrap());
    let child = again("crash::child_meets_a_limit", &folder.path().join("ledger.db"), shell);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[tokio::test]
async fn child_meets_a_limit() {
    let Some(path) = std::env::var_os(CHILD) else {
        return;
    };
    let ledger = Ledger::open(Path::new(&path), &node()).unwrap();
    let job = job("probe");
    let mut kept = 0;
    let error = loop {
        match run(&ledger, &job, vec![set(&kept.to_string(), vec![kept; 50_000])]).await {
            Ok(()) => kept += 1,
            Err(error) => break error,
        }
        assert!(kept < 200, "the limit wasn't met");
    };
    assert!(matches!(error, LedgerError::Unavailable(_) | LedgerError::Full), "{error:?}");
    assert!(kept > 0 && ledger.stats().failures > 0, "{:?}", ledger.stats());

    let maximum = getrlimit(Resource::Fsize).maximum;
    setrlimit(Resource::Fsize, Rlimit { current: maximum, maximum }).unwrap();
    run(&ledger, &job, vec![set("after", "1")]).await.unwrap();
    ledger.close().await;
    let ledger = Ledger::open(Path::new(&path), &node()).unwrap();
    for number in 0..kept {
        assert_eq!(ledger.state(&job, &number.to_string()).await.unwrap().unwrap(), vec![number; 50_000]);
    }
    assert_eq!(ledger.state(&job, &kept.to_string()).await.unwrap(), None);
    assert_eq!(ledger.state(&job, "after").await.unwrap().unwrap(), b"1");
}

/// Runs one test of this binary in a process of its own.
pub(super) fn again(test: &str, path: &Path, mut command: Command) -> Child {
    command.args(["--exact", &format!("tests::{test}"), "--nocapture", "--test-threads=1"]).env(CHILD, path);
    command.stdout(Stdio::piped()).spawn().unwrap()
}
