//! The tables, as the steps that lead to them. A released step is never edited: a change is a further step.

use rusqlite::{Connection, TransactionBehavior};

/// `PRAGMA application_id` of a ledger: "WKLG". It tells a ledger from another program's database.
pub(crate) const APPLICATION_ID: i64 = 0x574b_4c47;

/// Step *n* leads from schema *n* to *n + 1*; `PRAGMA user_version` says where a file is.
const STEPS: [&str; 5] = [
    "
    CREATE TABLE state (
        job   TEXT NOT NULL,
        key   TEXT NOT NULL,
        value BLOB NOT NULL,
        PRIMARY KEY (job, key)
    ) STRICT;
    CREATE TABLE state_size (
        job   TEXT NOT NULL PRIMARY KEY,
        bytes INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
",
    include_str!("schema/step2.sql"),
    include_str!("schema/step3.sql"),
    include_str!("schema/step4.sql"),
    include_str!("schema/step5.sql"),
];

/// The schema that this program writes.
pub(crate) const LATEST: i64 = STEPS.len() as i64;

/// Brings a file from schema `from` to [`LATEST`], all steps in one transaction.
pub(crate) fn migrate(connection: &mut Connection, from: i64) -> rusqlite::Result<()> {
    if from == LATEST {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    steps(&transaction, from, LATEST)?;
    transaction.commit()
}

/// Takes the steps that lead from one schema to a later one.
pub(crate) fn steps(connection: &Connection, from: i64, to: i64) -> rusqlite::Result<()> {
    for (_, step) in (0..to).zip(STEPS).skip_while(|(done, _)| *done < from) {
        connection.execute_batch(step)?;
    }
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    connection.pragma_update(None, "user_version", to)
}
