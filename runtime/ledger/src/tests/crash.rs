//! What was acknowledged is there after the worst: a killed process, a file that can't grow. The test binary runs itself
//! again as the process that suffers; the variable `LEDGER_CHILD` tells it so.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Write as _},
    path::Path,
    process::{Child, Command, Stdio},
};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::{job, run, set};
use crate::{Ledger, LedgerError};

const CHILD: &str = "LEDGER_CHILD";
const WRITERS: u64 = 8;
const ROUNDS: u64 = 5;
const ACKNOWLEDGEMENTS: usize = 200;

#[tokio::test]
async fn every_acknowledged_commit_survives_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let mut acknowledged: HashMap<String, u64> = HashMap::new();
    for _ in 0..ROUNDS {
        let mut child = again("child_writes_for_ever", &path, Command::new(std::env::current_exe().unwrap()));
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let mut heard = lines.by_ref().filter_map(acknowledgement);
        acknowledged.extend(heard.by_ref().take(ACKNOWLEDGEMENTS));
        child.kill().unwrap();
        // What it said before it died counts too.
        acknowledged.extend(heard);
        child.wait().unwrap();

        let ledger = Ledger::open(&path).unwrap();
        for (name, &last) in &acknowledged {
            let job = job(name);
            let first = ledger.state(&job, "first").await.unwrap().unwrap();
            let number = u64::from_le_bytes(first[..8].try_into().unwrap());
            assert!(number == last || number == last + 1, "{name}: acknowledged {last}, found {number}");
            assert_eq!(first, value(number), "{name}: torn value");
            assert_eq!(ledger.state(&job, "second").await.unwrap().unwrap(), first, "{name}: torn transaction");
        }
        ledger.close().await;
    }
    assert_eq!(acknowledged.len() as u64, WRITERS);
}

fn acknowledgement(line: String) -> Option<(String, u64)> {
    let mut words = line.split(' ').skip_while(|word| *word != "ack").skip(1);
    Some((words.next()?.to_owned(), words.next()?.parse().ok()?))
}

/// Some pages long, every byte of it told by the number.
fn value(number: u64) -> Vec<u8> {
    number.to_le_bytes().repeat(2_000)
}

#[tokio::test]
async fn child_writes_for_ever() {
    let Some(path) = std::env::var_os(CHILD) else {
        return;
    };
    let ledger = Ledger::open(Path::new(&path)).unwrap();
    let ledger = &ledger;
    let writers = (0..WRITERS).map(|writer| async move {
        let job = job(&format!("job-{writer}"));
        let before = ledger.state(&job, "first").await.unwrap();
        let before = before.map_or(0, |value| u64::from_le_bytes(value[..8].try_into().unwrap()));
        for number in before + 1.. {
            let changes = vec![set("first", value(number)), set("second", value(number))];
            run(ledger, &job, changes).await.unwrap();
            // The parent may have closed the pipe, and kills next.
            let _ = writeln!(std::io::stdout(), "ack {job} {number}");
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
    let child = again("child_meets_a_limit", &folder.path().join("ledger.db"), shell);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[tokio::test]
async fn child_meets_a_limit() {
    let Some(path) = std::env::var_os(CHILD) else {
        return;
    };
    let ledger = Ledger::open(Path::new(&path)).unwrap();
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
    assert!(kept > 0 && ledger.stats().failures == 1, "{:?}", ledger.stats());

    let maximum = getrlimit(Resource::Fsize).maximum;
    setrlimit(Resource::Fsize, Rlimit { current: maximum, maximum }).unwrap();
    run(&ledger, &job, vec![set("after", "1")]).await.unwrap();
    ledger.close().await;
    let ledger = Ledger::open(Path::new(&path)).unwrap();
    for number in 0..kept {
        assert_eq!(ledger.state(&job, &number.to_string()).await.unwrap().unwrap(), vec![number; 50_000]);
    }
    assert_eq!(ledger.state(&job, &kept.to_string()).await.unwrap(), None);
    assert_eq!(ledger.state(&job, "after").await.unwrap().unwrap(), b"1");
}

/// Runs one test of this binary in a process of its own.
fn again(test: &str, path: &Path, mut command: Command) -> Child {
    command.args(["--exact", &format!("tests::crash::{test}"), "--nocapture", "--test-threads=1"]).env(CHILD, path);
    command.stdout(Stdio::piped()).spawn().unwrap()
}
