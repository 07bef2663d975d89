//! What all backup plugins share: a backup is one only if its producer ended well, and what is shown of it is what is known.

use std::time::Duration;

use serde_json::{Value, json};
use watchkeeper_sdk::{
    artifacts::{Check, Error as StoreError, Mark},
    backup::{self, Backups, Settings, Size, Source},
    command::Exit,
    log::Level,
    prelude::*,
    stream::Content,
    testing::{Host, Operation, Ran, Run, Store},
};

#[config]
struct Config {
    /// Whether all that was stored is read back at once.
    #[serde(default = "backup::read_back")]
    read_back: bool,
}

#[derive(Metrics)]
struct Metrics {
    #[metric(flatten)]
    backup: backup::Metrics,
}

/// Makes one backup of a command's output, of at least 4 bytes.
async fn dumps(config: Config, metrics: &Metrics) -> Result<String> {
    let settings = Settings { minimum_size: Size::bytes(4), read_back: config.read_back };
    let mut backups = Backups::new(settings, &metrics.backup);
    let dump = async || Ok(Source::from(command::run("dump", &[], None).await?).note("database", "app"));
    backups.make("app", Check::PgCustom, dump).await;
    backups.finish()
}

fn host(dump: Ran) -> Host {
    let host = Host::new(|_, _, _| Err(chain::Error::Unavailable("no chain".into())));
    let clock = host.clock();
    host.command("dump", move |_, _| {
        clock.advance(Duration::from_secs(5));
        Ok(dump.clone())
    })
}

/// Artifacts of these sizes, an hour apart, the newest an hour ago.
fn earlier(host: &Host, sizes: &[usize]) -> Store {
    let store = host.store();
    for (ago, size) in (1..).zip(sizes.iter().rev()) {
        let created = host.clock().now() - Duration::from_secs(ago * 3_600);
        store.holds(&format!("test/app/{:012}-0", created.as_secs()), vec![0; *size], created);
    }
    store
}

fn shown(run: &Run, metric: &str) -> Vec<f64> {
    run.samples(&format!("backup_{metric}"), &["app"])
}

fn none() -> Value {
    json!({})
}

#[test]
fn a_backup_is_stored_read_back_and_shown() {
    let host = host(Ran::well(vec![1; 100]));
    let begin = host.clock().now();
    let store = earlier(&host, &[50, 50]);
    let first = store.artifacts()[0].clone();
    let run = host.run(dumps, none());
    assert_eq!(run.outcome, Ok("app: 100 B, 50 B stored, read back, 3 kept".into()));
    let made = store.artifacts().pop().unwrap();
    assert_eq!(made.metadata, [("database".to_owned(), "app".to_owned())]);
    let asked = [
        "put app pg-custom".to_owned(),
        format!("verify {} 0/1", made.path),
        "entries test/app/".to_owned(),
        "retain app".to_owned(),
    ];
    assert_eq!(store.asked(), asked);
    let end = (begin + Duration::from_secs(5)).as_secs_f64();
    assert_eq!(shown(&run, "last_success_timestamp_seconds"), [made.created.as_secs_f64()]);
    assert_eq!(shown(&run, "last_verified_timestamp_seconds"), [end]);
    assert_eq!(shown(&run, "size_bytes"), [100.0]);
    assert_eq!(shown(&run, "stored_size_bytes"), [50.0]);
    assert_eq!(shown(&run, "duration_seconds"), [5.0]);
    assert_eq!(shown(&run, "oldest_kept_timestamp_seconds"), [first.created.as_secs_f64()]);
    assert_eq!(shown(&run, "kept"), [3.0]);
    assert!(shown(&run, "last_restore_test_timestamp_seconds").is_empty(), "nobody restored one");
    assert!(shown(&run, "size_to_median_ratio").is_empty(), "two are no usual size");
    assert_eq!(run.progress, [("backing up app".to_owned(), 0, 0)]);
}

#[test]
fn what_was_proved_of_earlier_ones_is_shown_as_long_as_it_is_known() {
    let host = host(Ran::well("a dump"));
    let store = earlier(&host, &[6, 6]);
    let paths: Vec<String> = store.artifacts().into_iter().map(|artifact| artifact.path).collect();
    store.marks(&paths[0], Mark::RESTORED, Duration::from_secs(70));
    store.marks(&paths[1], Mark::VERIFIED, Duration::from_secs(80));
    let run = host.run(dumps, json!({ "read_back": false }));
    assert_eq!(run.outcome, Ok("app: 6 B, 3 B stored, not read back, 3 kept".into()));
    assert_eq!(shown(&run, "last_restore_test_timestamp_seconds"), [70.0]);
    assert_eq!(shown(&run, "last_verified_timestamp_seconds"), [80.0]);
    assert!(!store.asked().iter().any(|asked| asked.starts_with("verify")));
}

#[test]
fn a_backup_that_was_never_read_back_has_no_time_of_it() {
    let host = host(Ran::well("a dump"));
    let run = host.run(dumps, json!({ "read_back": false }));
    assert!(run.outcome.is_ok());
    assert!(shown(&run, "last_verified_timestamp_seconds").is_empty());
}

#[test]
fn an_unusual_size_is_warned_about_and_named() {
    for (size, percent) in [(49, Some("49")), (50, None), (200, None), (201, Some("201"))] {
        let host = host(Ran::well(vec![1; size]));
        // The median of the last seven is 100; what is before them doesn't count.
        earlier(&host, &[9_999, 9_999, 9_999, 9_999, 9_999, 9_999, 9_999, 40, 90, 99, 100, 101, 500, 600]);
        let run = host.run(dumps, none());
        let said = run.outcome.clone().unwrap();
        assert_eq!(shown(&run, "size_to_median_ratio"), [size as f64 / 100.0]);
        let warned: Vec<&String> =
            run.logs.iter().filter(|(level, _)| *level == Level::Warn).map(|(_, line)| line).collect();
        match percent {
            Some(percent) => {
                assert!(said.contains(&format!("app has {percent} % of its usual size")), "{said}");
                assert!(warned[0].contains(&format!("{percent} % of the median 100 B")), "{warned:?}");
            }
            None => assert!(warned.is_empty() && !said.contains("usual"), "{warned:?} {said}"),
        }
    }
}

#[test]
fn a_producer_that_failed_leaves_nothing_and_its_last_words() {
    type Kind = fn(String) -> Error;
    let cases: [(Exit, &str, Kind); 4] = [
        (Exit::Code(1), "exited with code 1", Error::Unavailable),
        (Exit::Signal(9), "was ended by signal 9", Error::Unavailable),
        (Exit::TimedOut, "took longer than it may", Error::Failed),
        (Exit::TooMuchOutput, "printed more than it may", Error::Failed),
    ];
    for (exit, words, kind) in cases {
        let host = host(Ran::badly("half a dump", exit, "pg_dump: error: connection lost\n"));
        let store = earlier(&host, &[10]);
        let run = host.run(dumps, none());
        let text = format!("`app`: command `dump` {words}: pg_dump: error: connection lost");
        assert_eq!(run.outcome, Err(kind(text)));
        assert_eq!(store.artifacts().len(), 1, "only the one before");
        assert_eq!(store.asked(), ["put app pg-custom"], "nothing is deleted after a failure");
    }
}

#[test]
fn a_backup_below_the_least_size_is_none() {
    let host = host(Ran::well("abc"));
    let run = host.run(dumps, none());
    let text = "`app`: nothing was stored: it has 3 bytes, less than 4";
    assert_eq!(run.outcome, Err(Error::Failed(text.into())));
    assert!(host.store().artifacts().is_empty());
}

#[test]
fn what_the_store_says_fails_the_run_with_its_kind() {
    let why = || "why".to_owned();
    for (operation, error, outcome) in [
        (Operation::Put, StoreError::Unavailable(why()), Error::Unavailable("`app`: why".into())),
        (Operation::Put, StoreError::Denied(why()), Error::Denied("`app`: why".into())),
        (Operation::Put, StoreError::Aborted(why()), Error::Failed("`app`: nothing was stored: why".into())),
    ] {
        let host = host(Ran::well("a dump"));
        host.store().fails(operation, error);
        assert_eq!(host.run(dumps, none()).outcome, Err(outcome));
    }
    for (operation, error, words) in [
        (Operation::Verify, StoreError::Corrupt(why()), " was stored, and can't be read back: corrupt: why"),
        (Operation::Entries, StoreError::Unavailable(why()), " was stored, but why"),
        (Operation::Retain, StoreError::Other("leased".into(), why()), " was stored, but leased: why"),
    ] {
        let host = host(Ran::well("a dump"));
        host.store().fails(operation, error);
        let run = host.run(dumps, none());
        let message = run.outcome.unwrap_err().to_string();
        assert!(message.starts_with("`app`: test/app/") && message.ends_with(words), "{message}");
        assert_eq!(host.store().artifacts().len(), 1);
    }
}

#[test]
fn a_backup_that_cannot_be_read_back_deletes_nothing() {
    let host = host(Ran::well("a dump"));
    host.store().fails(Operation::Verify, StoreError::Corrupt("block 3".into()));
    assert!(host.run(dumps, none()).outcome.is_err());
    assert!(!host.store().asked().iter().any(|asked| asked.starts_with("retain")));
}

#[test]
fn a_dry_run_says_what_it_would() {
    let dry = host(Ran::well("a dump"));
    dry.store().fails(Operation::Put, StoreError::DryRun("would store".into()));
    assert_eq!(dry.run(dumps, none()).outcome, Ok("would back up app".into()));
    let dry = Host::new(|_, _, _| Err(chain::Error::Unavailable("no chain".into())))
        .command("dump", |_, _| Err(command::Error::DryRun("would run".into())));
    assert_eq!(dry.run(dumps, none()).outcome, Ok("would back up app".into()));
}

#[test]
fn one_that_fails_leaves_the_others_be() {
    async fn three(_config: Config, metrics: &Metrics) -> Result<String> {
        let settings = Settings { minimum_size: Size::bytes(1), read_back: true };
        let mut backups = Backups::new(settings, &metrics.backup);
        for name in ["a", "missing", "c"] {
            let source = async || Ok(Source::from(command::run(name, &[], None).await?));
            backups.make(name, Check::None, source).await;
        }
        backups.finish()
    }
    let host = Host::new(|_, _, _| Err(chain::Error::Unavailable("no chain".into())))
        .command("a", |_, _| Ok(Ran::well("a")))
        .command("c", |_, _| Ok(Ran::well("c")));
    let run = host.run(three, none());
    let Err(Error::Denied(message)) = run.outcome else { panic!("{:?}", run.outcome) };
    assert!(message.starts_with("`missing`: no command `missing`"), "{message}");
    assert!(message.contains("; a: 1 B") && message.contains("; c: 1 B"), "{message}");
    assert_eq!(host.store().artifacts().len(), 2);
}

#[test]
fn what_a_plugin_writes_is_stored_only_if_it_ends_well() {
    async fn writes(fails: bool, metrics: &Metrics) -> Result<String> {
        let settings = Settings { minimum_size: Size::bytes(1), read_back: true };
        let mut backups = Backups::new(settings, &metrics.backup);
        let content = Content::written(async move |mut sink| {
            sink.write("one ").await?;
            if fails {
                return Err(Error::Unavailable("the service went away".into()));
            }
            sink.write("two").await?;
            Ok(())
        });
        backups.make("app", Check::None, async || Ok(content.into())).await;
        backups.finish()
    }
    async fn well(_config: Config, metrics: &Metrics) -> Result<String> {
        writes(false, metrics).await
    }
    async fn badly(_config: Config, metrics: &Metrics) -> Result<String> {
        writes(true, metrics).await
    }
    let host = Host::new(|_, _, _| Err(chain::Error::Unavailable("no chain".into())));
    assert_eq!(host.run(badly, none()).outcome, Err(Error::Unavailable("`app`: the service went away".into())));
    assert!(host.store().artifacts().is_empty());
    assert!(host.run(well, none()).outcome.is_ok());
    let made = host.store().artifacts().pop().unwrap();
    assert_eq!(host.store().content(&made.path).unwrap(), b"one two");
}

#[test]
fn what_a_plugin_read_of_a_stream_is_gone_from_what_it_hands_on() {
    async fn peeks(_config: Config, _metrics: &Metrics) -> Result<String> {
        let (mut stdout, ended) = command::run("dump", &[], None).await?.into_parts();
        let head = stdout.read(2).await;
        let complete = async { Ok(ended.await?) };
        artifacts::put("rest", stdout, complete, artifacts::Options::default()).await?;
        Ok(String::from_utf8_lossy(&head).into_owned())
    }
    let host = host(Ran::well("abcdef"));
    assert_eq!(host.run(peeks, none()).outcome, Ok("ab".into()));
    let made = host.store().artifacts().pop().unwrap();
    assert_eq!(host.store().content(&made.path).unwrap(), b"cdef");
}
