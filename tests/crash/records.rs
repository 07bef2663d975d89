//! What the ledger's file holds once nobody has it open, as plain rows. Reads only; judges nothing.

use std::{collections::BTreeMap, fs, path::Path};

use rusqlite::{Connection, OpenFlags, Row};

/// All of it. Times are nanoseconds since 1970.
#[derive(Debug, Clone)]
pub(super) struct Records {
    /// Those that are over and those in force.
    pub(super) generations: Vec<Generation>,
    pub(super) runs: Vec<Run>,
    pub(super) skips: Vec<Skip>,
    pub(super) actions: Vec<Action>,
    /// When each process began, by epoch.
    pub(super) nodes: BTreeMap<u64, i64>,
    /// What `tally` keeps under `runs`, by job.
    pub(super) remembered: BTreeMap<String, u64>,
}

/// One schedule of a job.
#[derive(Debug, Clone)]
pub(super) struct Generation {
    pub(super) job: String,
    pub(super) number: u64,
    pub(super) schedule: String,
    pub(super) began: i64,
    /// None: it is in force.
    pub(super) ended: Option<i64>,
    pub(super) cursor: i64,
    pub(super) runs: u64,
    pub(super) skips: u64,
}

#[derive(Debug, Clone)]
pub(super) struct Run {
    pub(super) id: String,
    pub(super) job: String,
    pub(super) generation: u64,
    pub(super) nominal: Option<i64>,
    pub(super) attempt: u64,
    pub(super) first: String,
    pub(super) epoch: u64,
    pub(super) claimed: i64,
    pub(super) started: Option<i64>,
    pub(super) finished: Option<i64>,
    pub(super) outcome: Option<String>,
    pub(super) retry_at: Option<i64>,
}

#[derive(Debug, Clone)]
pub(super) struct Skip {
    pub(super) job: String,
    pub(super) generation: u64,
    pub(super) reason: String,
    pub(super) first: i64,
    pub(super) last: i64,
    pub(super) count: u64,
}

#[derive(Debug, Clone)]
pub(super) struct Action {
    pub(super) verb: String,
    pub(super) job: String,
    pub(super) note: String,
}

impl Records {
    /// Reads a ledger that no process has open.
    pub(super) fn read(path: &Path) -> Self {
        let ledger = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("a ledger");
        let found: String = ledger.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("a check");
        assert_eq!(found, "ok", "SQLite's own check");
        Self {
            generations: rows(&ledger, GENERATIONS, generation),
            runs: rows(&ledger, RUNS, run),
            skips: rows(&ledger, SKIPS, skip),
            actions: rows(&ledger, "SELECT verb, coalesce(job, ''), note FROM actions ORDER BY id", |row| {
                Ok(Action { verb: row.get(0)?, job: row.get(1)?, note: row.get(2)? })
            }),
            nodes: rows(&ledger, "SELECT epoch, started FROM nodes", |row| Ok((row.get(0)?, row.get(1)?)))
                .into_iter()
                .collect(),
            remembered: rows(&ledger, "SELECT job, CAST(value AS TEXT) FROM state WHERE key = 'runs'", |row| {
                Ok((row.get(0)?, row.get::<_, String>(1)?.parse().expect("a number")))
            })
            .into_iter()
            .collect(),
        }
    }

    /// Keeps a copy of the ledger's file where it outlives its deployment, for whoever has to find out.
    pub(super) fn keep(path: &Path, under: &str) -> std::path::PathBuf {
        let kept = std::env::temp_dir().join(under);
        fs::copy(path, &kept).expect("space on the disk");
        kept
    }
}

const GENERATIONS: &str = "
    SELECT name, number, generations.schedule, generations.began, ended, generations.cursor, generations.runs,
        generations.skips FROM generations JOIN jobs ON jobs.id = job
    UNION ALL SELECT name, generation, schedule, began, retired, cursor, runs, skips FROM jobs ORDER BY 1, 2";
const RUNS: &str = "
    SELECT hex(runs.id), name, runs.generation, nominal, attempt, hex(coalesce(first, runs.id)), epoch, claimed, started,
        finished, outcome, retry_at FROM runs JOIN jobs ON jobs.id = job ORDER BY runs.id";
const SKIPS: &str = "
    SELECT name, skips.generation, reason, first, last, count FROM skips JOIN jobs ON jobs.id = job ORDER BY 1, last";

fn rows<T>(ledger: &Connection, sql: &str, read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>) -> Vec<T> {
    let mut statement = ledger.prepare(sql).expect("the documented tables");
    let found = statement.query_map([], read).expect("rows").collect::<rusqlite::Result<_>>();
    found.expect("rows that can be read")
}

fn generation(row: &Row<'_>) -> rusqlite::Result<Generation> {
    Ok(Generation {
        job: row.get(0)?,
        number: row.get(1)?,
        schedule: row.get(2)?,
        began: row.get(3)?,
        ended: row.get(4)?,
        cursor: row.get(5)?,
        runs: row.get(6)?,
        skips: row.get(7)?,
    })
}

fn run(row: &Row<'_>) -> rusqlite::Result<Run> {
    Ok(Run {
        id: row.get(0)?,
        job: row.get(1)?,
        generation: row.get(2)?,
        nominal: row.get(3)?,
        attempt: row.get(4)?,
        first: row.get(5)?,
        epoch: row.get(6)?,
        claimed: row.get(7)?,
        started: row.get(8)?,
        finished: row.get(9)?,
        outcome: row.get(10)?,
        retry_at: row.get(11)?,
    })
}

fn skip(row: &Row<'_>) -> rusqlite::Result<Skip> {
    Ok(Skip {
        job: row.get(0)?,
        generation: row.get(1)?,
        reason: row.get(2)?,
        first: row.get(3)?,
        last: row.get(4)?,
        count: row.get(5)?,
    })
}
