-- Runs, skips and everything about them. Times are nanoseconds since the epoch, durations nanoseconds, runs' names 16
-- bytes that sort by time. Words are those of the model.

-- A job as the ledger knows it, with its current generation: every due time of it up to `cursor` has its disposition.
CREATE TABLE jobs (
    id               INTEGER PRIMARY KEY,
    name             TEXT NOT NULL UNIQUE,
    generation       INTEGER NOT NULL,
    schedule         TEXT NOT NULL,
    began            INTEGER NOT NULL,
    cursor           INTEGER NOT NULL,
    retired          INTEGER,
    runs             INTEGER NOT NULL DEFAULT 0,
    skips            INTEGER NOT NULL DEFAULT 0,
    -- Rows of it in `runs`, so that retention by count need not count.
    kept             INTEGER NOT NULL DEFAULT 0,
    paused_at        INTEGER,
    paused_by        TEXT,
    paused_note      TEXT,
    skip_next        INTEGER NOT NULL DEFAULT 0,
    failures         INTEGER NOT NULL DEFAULT 0,
    last_success     INTEGER,
    last_success_run BLOB,
    -- The epoch of the node in charge: nodes of an earlier one may not write.
    fence            INTEGER NOT NULL
) STRICT;

-- Generations that are over.
CREATE TABLE generations (
    job      INTEGER NOT NULL,
    number   INTEGER NOT NULL,
    schedule TEXT NOT NULL,
    began    INTEGER NOT NULL,
    ended    INTEGER NOT NULL,
    cursor   INTEGER NOT NULL,
    runs     INTEGER NOT NULL,
    skips    INTEGER NOT NULL,
    PRIMARY KEY (job, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX generations_ended ON generations (ended);

CREATE TABLE runs (
    id          BLOB NOT NULL PRIMARY KEY,
    job         INTEGER NOT NULL,
    generation  INTEGER NOT NULL,
    -- Either the due time that it covers or who asked for it.
    nominal     INTEGER,
    asked_by    TEXT,
    attempt     INTEGER NOT NULL,
    -- The run of the first attempt, where this is a later one.
    first       BLOB,
    plugin      TEXT NOT NULL,
    digest      BLOB NOT NULL,
    claimed     INTEGER NOT NULL,
    epoch       INTEGER NOT NULL,
    started     INTEGER,
    finished    INTEGER,
    outcome     TEXT,
    message     TEXT,
    duration    INTEGER,
    cpu         INTEGER,
    peak_memory INTEGER,
    -- When its next attempt is due, as long as that is to come.
    retry_at    INTEGER,
    CHECK ((nominal IS NULL) <> (asked_by IS NULL)),
    CHECK ((finished IS NULL) = (outcome IS NULL)),
    CHECK ((attempt > 1) = (first IS NOT NULL))
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX runs_due ON runs (job, generation, nominal, attempt) WHERE nominal IS NOT NULL;
CREATE UNIQUE INDEX runs_attempts ON runs (first, attempt) WHERE first IS NOT NULL;
CREATE INDEX runs_job ON runs (job, id);
CREATE INDEX runs_going ON runs (epoch) WHERE finished IS NULL;
CREATE INDEX runs_outcome ON runs (outcome, id, job) WHERE outcome <> 'success';
CREATE INDEX runs_asked ON runs (id, job) WHERE asked_by IS NOT NULL;
CREATE INDEX runs_retry ON runs (job) WHERE retry_at IS NOT NULL;

-- What a run said: `lines` is JSON, [["level", "message", [["name", "value"], ...]], ...]; `worst` the highest level, 0
-- for trace to 4 for error. `id` grows in the order in which runs ended and is never used again.
CREATE TABLE logs (
    id    INTEGER PRIMARY KEY AUTOINCREMENT,
    run   BLOB NOT NULL UNIQUE,
    job   INTEGER NOT NULL,
    worst INTEGER NOT NULL,
    lines TEXT NOT NULL
) STRICT;
CREATE INDEX logs_job ON logs (job, id);
CREATE INDEX logs_worst ON logs (id) WHERE worst >= 3;

-- Due times that led to no run: `count` of them from `first` to `last`, both included.
CREATE TABLE skips (
    job        INTEGER NOT NULL,
    last       INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    first      INTEGER NOT NULL,
    reason     TEXT NOT NULL,
    count      INTEGER NOT NULL,
    PRIMARY KEY (job, last, generation)
) STRICT, WITHOUT ROWID;
CREATE INDEX skips_last ON skips (last);

-- What people did. Names are kept as they were given: a job may be gone.
CREATE TABLE actions (
    id   INTEGER PRIMARY KEY AUTOINCREMENT,
    at   INTEGER NOT NULL,
    by   TEXT NOT NULL,
    verb TEXT NOT NULL,
    job  TEXT,
    run  BLOB,
    note TEXT NOT NULL
) STRICT;
CREATE INDEX actions_at ON actions (at);

-- Each start of a process.
CREATE TABLE nodes (
    epoch   INTEGER PRIMARY KEY,
    host    TEXT NOT NULL,
    version TEXT NOT NULL,
    started INTEGER NOT NULL
) STRICT;

-- Who is in charge of what. In a file that one process holds locked, a lease never expires.
CREATE TABLE leases (
    name    TEXT NOT NULL PRIMARY KEY,
    epoch   INTEGER NOT NULL,
    fence   INTEGER NOT NULL,
    expires INTEGER
) STRICT, WITHOUT ROWID;
