//! What is dumped, and what comes of dumps that fail.

use watchkeeper_sdk::{
    Error,
    artifacts::{Error as StoreError, Mark},
    command::{self, Exit},
    serde_json::json,
    testing::{Operation, Ran},
};

use super::fake::{dump, host, run, stored};

#[test]
fn every_database_and_the_roles_are_artifacts_of_their_own() {
    let host = host();
    let run = run(&host, json!({ "databases": ["app", "Shop"], "names": { "Shop": "shop" } }));
    let said = run.outcome.clone().unwrap();
    assert!(said.starts_with("roles: 450 B") && said.contains("; app: ") && said.contains("; shop: "), "{said}");
    let names: Vec<(String, Vec<u8>)> = stored(&host);
    let roles = "-- roles\n".repeat(50).into_bytes();
    assert_eq!(names, [("app".into(), dump("app")), ("roles".into(), roles), ("shop".into(), dump("Shop"))]);
    let asked = host.store().asked();
    for put in ["put app pg-custom", "put shop pg-custom", "put roles pg-plain"] {
        assert!(asked.iter().any(|asked| asked == put), "{asked:?}");
    }
    for (backup, size) in [("app", dump("app").len()), ("shop", dump("Shop").len()), ("roles", 450)] {
        assert_eq!(run.samples("backup_size_bytes", &[backup]), [size as f64]);
    }
    let verified = |artifact: &watchkeeper_sdk::artifacts::Artifact| artifact.marked(Mark::VERIFIED).is_some();
    assert!(host.store().artifacts().iter().all(verified));
    let shop = host.store().artifacts().pop().unwrap();
    assert_eq!(shop.metadata, [("database".to_owned(), "Shop".to_owned())]);
}

#[test]
fn a_dump_that_fails_is_no_backup_and_leaves_the_others_be() {
    let host = host();
    let run = run(&host, json!({ "databases": ["broken", "slow", "app"] }));
    let Err(Error::Failed(message)) = run.outcome else { panic!("{:?}", run.outcome) };
    for words in [
        "`broken`: command `pg_dump` exited with code 1: pg_dump: error: permission denied for table secrets; ",
        "`slow`: command `pg_dump` took longer than it may; ",
        "app: ",
        "roles: ",
    ] {
        assert!(message.contains(words), "{message}");
    }
    let names: Vec<String> = stored(&host).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["app", "roles"]);
    let retained: Vec<String> = host.store().asked().into_iter().filter(|asked| asked.starts_with("retain")).collect();
    assert_eq!(retained, ["retain roles", "retain app"], "nothing is deleted where there is no new one");
}

#[test]
fn a_dump_that_only_failed_may_be_tried_again() {
    let run = run(&host(), json!({ "databases": ["broken"] }));
    assert!(matches!(run.outcome, Err(Error::Unavailable(_))), "{:?}", run.outcome);
}

#[test]
fn an_empty_dump_is_too_small() {
    let host = host().command("pg_dump", |_, _| Ok(Ran::well("")));
    let run = run(&host, json!({ "databases": ["app"] }));
    let message = run.outcome.unwrap_err().to_string();
    assert!(message.starts_with("`app`: nothing was stored: it has 0 bytes, less than 1024"), "{message}");
    assert_eq!(stored(&host).len(), 1, "the roles");
}

#[test]
fn roles_can_be_left_out_and_are_as_large_as_they_are() {
    let host = host().command("pg_dumpall", |_, _| Ok(Ran::badly("", Exit::Code(1), "no")));
    let config = json!({ "databases": ["app"], "roles": false, "minimum_size": "1B" });
    assert!(run(&host, config).outcome.is_ok());
    let large = json!({ "databases": ["app"], "minimum_size": "1500B" });
    let host = super::fake::host();
    assert!(run(&host, large).outcome.is_ok(), "the roles are smaller than a database may be");
}

#[test]
fn commands_have_the_operators_names() {
    let host = host()
        .command("dump_it", |_, _| Ok(Ran::well(dump("x"))))
        .command("dump_roles", |_, _| Ok(Ran::well("-- roles\n".repeat(50))))
        .command("pg_dump", |_, _| Err(command::Error::Denied("no".into())))
        .command("pg_dumpall", |_, _| Err(command::Error::Denied("no".into())));
    let config = json!({ "databases": ["x"], "command": "dump_it", "roles_command": "dump_roles" });
    assert!(run(&host, config).outcome.is_ok());
}

#[test]
fn a_store_that_is_away_is_worth_another_try() {
    let host = host();
    host.store().fails(Operation::Put, StoreError::Unavailable("nobody answers".into()));
    let run = run(&host, json!({ "databases": ["app"] }));
    assert_eq!(run.outcome, Err(Error::Unavailable("`roles`: nobody answers; `app`: nobody answers".into())));
}
