//! Opening the file: permissions, the lock against a second process, what kind of file it is, its integrity and its
//! schema. Everything doubtful is an error that names the file; nothing here deletes or replaces one.

use std::{
    ffi::OsString,
    fs::{DirBuilder, File, OpenOptions, TryLockError},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use rusqlite::{Connection, ErrorCode, OpenFlags, config::DbConfig};

use crate::{LedgerError, schema};

/// How long a statement waits for another program's lock before it is [`LedgerError::Busy`].
const BUSY: Duration = Duration::from_secs(1);
/// To what size the log is cut back after a checkpoint.
const LOG_BYTES: i64 = 16 << 20;
/// What the writer keeps of the file in memory at most: the pages that the runs of a thousand jobs change. With SQLite's
/// own default, a sixteenth of it, they are read again and again.
const CACHE_KIBIBYTES: i64 = 32 << 10;
/// Prepared statements that a connection keeps: more than the crate has.
const STATEMENTS: usize = 128;

/// Opens the file, or makes it, for writing.
pub(crate) fn open(path: &Path) -> Result<Connection, LedgerError> {
    let folder = folder(path)?;
    if path.try_exists().map_err(|error| file(path, error))? {
        refuse_exposed(path)?;
    } else {
        create(path, folder)?;
    }
    writer(path).map_err(|error| error.into_ledger_error(path))
}

/// The folder of the file, made if it isn't there.
fn folder(path: &Path) -> Result<&Path, LedgerError> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| file(folder, error))?;
    refuse_exposed(folder)?;
    Ok(folder)
}

/// A database without a file.
pub(crate) fn in_memory() -> Result<Connection, LedgerError> {
    let made = Connection::open_in_memory().and_then(|mut connection| {
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        keep_plans(&connection)?;
        schema::migrate(&mut connection, 0)?;
        Ok(connection)
    });
    made.map_err(|error| LedgerError::from(&error))
}

/// Makes an empty ledger aside and puts it in place whole, so that an empty file at `path` is always damage.
fn create(path: &Path, folder: &Path) -> Result<(), LedgerError> {
    let log = beside(path, "-wal");
    if log.try_exists().map_err(|error| file(&log, error))? {
        let detail = "the file is gone, but its log (`-wal`) is there".to_owned();
        return Err(LedgerError::Damaged { path: path.to_owned(), detail });
    }
    let aside = beside(path, ".new");
    match std::fs::remove_file(&aside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(file(&aside, error)),
        _ => {}
    }
    private().create_new(true).open(&aside).map_err(|error| file(&aside, error))?;
    let made = connect(&aside).and_then(|mut connection| {
        schema::migrate(&mut connection, 0)?;
        connection.close().map_err(|(_, error)| error)
    });
    made.map_err(|error| Doubt::Sqlite(error).into_ledger_error(&aside))?;
    std::fs::rename(&aside, path).map_err(|error| file(path, error))?;
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| file(folder, error))
}

/// Keeps a second process out. The lock is on a file of its own: closing any handle of the database's file in this
/// process would drop SQLite's own locks on it.
pub(crate) fn lock(path: &Path) -> Result<File, LedgerError> {
    folder(path)?;
    let name = beside(path, ".lock");
    let lock = private().create(true).truncate(false).open(&name).map_err(|error| file(&name, error))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(LedgerError::InUse { path: path.to_owned() }),
        Err(TryLockError::Error(error)) => Err(file(&name, error)),
    }
}

/// Why a file isn't used.
enum Doubt {
    Sqlite(rusqlite::Error),
    NotALedger,
    Newer(i64),
    Damaged(String),
}

impl From<rusqlite::Error> for Doubt {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl Doubt {
    fn into_ledger_error(self, path: &Path) -> LedgerError {
        let path = path.to_owned();
        match self {
            Self::NotALedger => LedgerError::NotALedger { path },
            Self::Newer(found) => LedgerError::Newer { path, found, known: schema::LATEST },
            Self::Damaged(detail) => LedgerError::Damaged { path, detail },
            Self::Sqlite(error) => match error.sqlite_error_code() {
                Some(ErrorCode::NotADatabase) => LedgerError::NotALedger { path },
                Some(ErrorCode::DatabaseCorrupt) => LedgerError::Damaged { path, detail: error.to_string() },
                Some(ErrorCode::DiskFull | ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                    LedgerError::from(&error)
                }
                _ => LedgerError::File { path, source: Arc::new(io::Error::other(error)) },
            },
        }
    }
}

fn writer(path: &Path) -> Result<Connection, Doubt> {
    if std::fs::metadata(path).is_ok_and(|file| file.len() == 0) {
        return Err(Doubt::Damaged("the file is empty".to_owned()));
    }
    let mut connection = connect(path)?;
    let application: i64 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    if application != schema::APPLICATION_ID {
        return Err(Doubt::NotALedger);
    }
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version > schema::LATEST {
        return Err(Doubt::Newer(version));
    }
    let found: String = connection.pragma_query_value(None, "quick_check", |row| row.get(0))?;
    if found != "ok" {
        return Err(Doubt::Damaged(found));
    }
    let mode: String = connection.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))?;
    if mode != "wal" {
        return Err(Doubt::Damaged(format!("its disk can't keep a write-ahead log (journal mode {mode})")));
    }
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "journal_size_limit", LOG_BYTES)?;
    connection.pragma_update(None, "cache_size", -CACHE_KIBIBYTES)?;
    keep_plans(&connection)?;
    schema::migrate(&mut connection, version)?;
    Ok(connection)
}

/// Has plans depend on statements alone. Otherwise SQLite plans some of them anew for the values of each call, which took a
/// fifth of the writer's time.
fn keep_plans(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(drop)
}

/// A connection to an open ledger that can't change it.
pub(crate) fn reader(path: &Path) -> Result<Connection, LedgerError> {
    let connection = connect(path)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // Savepoints must not need room for files elsewhere.
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    Ok(connection)
}

/// Who may write the ledger or its folder may write what jobs believe.
fn refuse_exposed(path: &Path) -> Result<(), LedgerError> {
    let mode = std::fs::metadata(path).map_err(|error| file(path, error))?.mode() & 0o777;
    if mode & 0o022 != 0 {
        return Err(LedgerError::Exposed { path: path.to_owned(), mode });
    }
    Ok(())
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(0o600);
    options
}

/// Bytes of a file; none where it isn't there.
pub(crate) fn size(path: &Path) -> Result<u64, LedgerError> {
    match std::fs::metadata(path) {
        Ok(found) => Ok(found.len()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(file(path, error)),
    }
}

/// The name of a file beside the ledger's.
pub(crate) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(ending);
    name.into()
}

fn file(path: &Path, source: io::Error) -> LedgerError {
    LedgerError::File { path: path.to_owned(), source: Arc::new(source) }
}
