//! A server with databases, of which some can't be dumped.

use watchkeeper_sdk::{
    chain,
    command::Exit,
    serde_json::Value,
    testing::{Host, Ran, Run},
};

/// What a dump of a database has here.
pub(super) fn dump(database: &str) -> Vec<u8> {
    format!("PGDMP {database} ").into_bytes().repeat(200)
}

/// A host on which `pg_dump` knows all databases but `broken` and `slow`.
pub(super) fn host() -> Host {
    Host::new(|_, _, _| Err(chain::Error::Unavailable("no chain".into())))
        .command("pg_dump", |holes, stdin| {
            assert!(stdin.is_empty());
            let [(hole, database)] = holes else { panic!("{holes:?}") };
            assert_eq!(hole, "database");
            Ok(match database.as_str() {
                "broken" => {
                    Ran::badly(dump("broken"), Exit::Code(1), "pg_dump: error: permission denied for table secrets\n")
                }
                "slow" => Ran::badly(dump("slow"), Exit::TimedOut, ""),
                database => Ran::well(dump(database)),
            })
        })
        .command("pg_dumpall", |holes, _| {
            assert!(holes.is_empty());
            Ok(Ran::well("-- roles\n".repeat(50)))
        })
}

pub(super) fn run(host: &Host, config: Value) -> Run {
    host.run(crate::run, config)
}

/// The names of what is stored, with their contents.
pub(super) fn stored(host: &Host) -> Vec<(String, Vec<u8>)> {
    let store = host.store();
    let contents = store.artifacts().into_iter().map(|artifact| {
        let content = store.content(&artifact.path).unwrap();
        (artifact.path.split('/').nth(1).unwrap().to_owned(), content)
    });
    contents.collect()
}
