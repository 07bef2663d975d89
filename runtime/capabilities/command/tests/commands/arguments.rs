//! A plugin fills holes, and nothing else of a command line.

use std::collections::BTreeMap;

use watchkeeper_command::{Asker, CommandError};
use watchkeeper_config::{Argument, CommandSettings, Hole, Piece, Secret};
use watchkeeper_contract::Open;

use crate::support::{House, asker, choice, job, read, script, soon, start};

const SPELL: &str = "a b'\"$(id) \\ ;\n*";

/// Writes its arguments, a NUL after each.
fn echo() -> CommandSettings {
    let mut settings = script(r#"for a; do printf '%s\0' "$a"; done"#, &["--format=custom", SPELL, ""]);
    let (text, hole) = (|text: &str| Piece::Text(text.to_owned()), |hole: &str| Piece::Hole(hole.to_owned()));
    settings.args.push(Argument(vec![text("--db="), hole("database"), text(".x"), hole("database")]));
    settings.args.push(Argument(vec![hole("speed")]));
    settings.args.push(Argument(vec![text("-j"), hole("jobs")]));
    settings.holes = BTreeMap::from([
        ("database".to_owned(), Hole::Name),
        ("speed".to_owned(), choice(&["--fast", SPELL])),
        ("jobs".to_owned(), Hole::Integer { min: 1, max: 9 }),
    ]);
    settings
}

fn holes(database: &str, speed: &str, jobs: &str) -> Vec<(String, String)> {
    let filled = [("database", database), ("speed", speed), ("jobs", jobs)];
    filled.map(|(hole, value)| (hole.to_owned(), value.to_owned())).to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn arguments_reach_the_program_byte_for_byte() {
    let house = House::new([("dump", echo())]);
    let run = house.begin();
    for speed in ["--fast", SPELL] {
        let running = soon(run.run(asker(), "dump", &holes("my-db_1", speed, "9"), None)).await.unwrap();
        let (bytes, verdict) = read(running.stdout).await;
        let words = format!("--format=custom\0{SPELL}\0\0--db=my-db_1.xmy-db_1\0{speed}\0-j9\0");
        assert_eq!((String::from_utf8(bytes).unwrap(), verdict), (words, Ok(())));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_hole_does_not_admit_starts_nothing_and_is_named() {
    let house = House::new([("dump", echo())]);
    let run = house.begin();
    let good = || holes("db", "--fast", "1");
    let with = |hole: &str, value: &str| {
        let mut filled = good();
        filled.retain(|(name, _)| name != hole);
        filled.push((hole.to_owned(), value.to_owned()));
        filled
    };
    let twice = [good(), vec![("jobs".to_owned(), "2".to_owned())]].concat();
    let mut cases = vec![("jobs", twice, "filled twice"), ("speed", good()[..1].to_vec(), "isn't filled")];
    for value in ["--option", "-x", "../db", "..", "a/b", "", "a\0b", "a\n--option", "a b", "host=evil"] {
        cases.push(("database", with("database", value), "not a name"));
    }
    cases.push(("speed", with("speed", "--slow"), "not one of"));
    cases.push(("jobs", with("jobs", "10"), "not a whole number from 1 to 9"));
    cases.push(("jobs", with("jobs", "1 --option"), "not a whole number"));
    cases.push(("other", with("other", "x"), "there is no such hole"));
    for (hole, filled, why) in cases {
        let error = soon(run.run(asker(), "dump", &filled, None)).await.unwrap_err();
        let CommandError::Denied(text) = &error else { panic!("{error:?}") };
        let begin = format!("job `backup`: command `dump`: hole `{hole}`: ");
        assert!(text.starts_with(&begin) && text.contains(why), "{filled:?}: {text}");
        assert!(text.contains(&format!("\nhint: see commands.dump.holes.{hole} ")), "{text}");
    }
    assert_eq!(house.count("watchkeeper_command_runs_total", "dump"), 0.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_is_not_granted_is_denied() {
    let house = House::new([("dump", echo()), ("drop", echo())]);
    let only = house.commands.grant(&job(), &toml::Value::Array(vec!["dump".into()])).unwrap();
    let run: Box<dyn std::any::Any> = only.begin(&job());
    let run: Box<watchkeeper_command::Programs> = run.downcast().unwrap();
    for name in ["drop", "/bin/sh"] {
        let error = soon(start(&run, name, None)).await.unwrap_err();
        let text = format!("job `backup`: command `{name}` is not granted\nhint: add it to `command` under `[grants]`");
        assert_eq!(error, CommandError::Denied(text));
    }
    let both = house.commands.grant(&job(), &toml::Value::Array(vec!["dump".into(), "drop".into()])).unwrap();
    assert!(both.covers(&*only) && !only.covers(&*both));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_says_what_would_run_without_the_environment() {
    let mut settings = echo();
    settings.args.drain(..5);
    settings.env.insert("PGPASSWORD".to_owned(), Secret::new("hunter2"));
    let house = House::new([("dump", settings)]);
    let dry = Asker { dry_run: true, ..asker() };
    let would = soon(house.begin().run(dry, "dump", &holes("db", "--fast", "3"), None)).await.unwrap_err();
    assert_eq!(would, CommandError::DryRun(r#"/bin/sh "" --db=db.xdb --fast -j3"#.to_owned()));
    assert_eq!(house.count("watchkeeper_command_runs_total", "dump"), 0.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_is_a_list_of_known_commands() {
    let house = House::new([("dump", echo())]);
    let grant = |written: &str| {
        let written: toml::Table = toml::from_str(written).unwrap();
        house.commands.grant(&job(), &written["command"])
    };
    for wrong in ["command = true", "command = []", "command = \"dump\"", "command = [1]"] {
        let error = grant(wrong).err().unwrap();
        assert_eq!((error.key.as_str(), error.message.as_str()), ("command", "not a list of names in quotes"));
    }
    let error = grant("command = [\"dmp\"]").err().unwrap();
    assert_eq!(error.to_string(), "there is no command \"dmp\"\nhint: watchkeeper.toml names dump");
    let line = grant("command = [\"dump\"]").unwrap().describe().concat();
    assert!(
        line.starts_with("runs dump: /bin/sh -c ") && line.ends_with(" --db={database}.x{database} {speed} -j{jobs}"),
        "{line}"
    );
}
