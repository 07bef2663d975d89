-- Runs for a chain's heads. Numbers are block heights; hashes 32 bytes.

-- The head that the current generation last ran for.
ALTER TABLE jobs ADD COLUMN head_number INTEGER;
ALTER TABLE jobs ADD COLUMN head_hash BLOB;

-- A run has one of three reasons now, so the table is made anew.
ALTER TABLE runs RENAME TO runs_before;
CREATE TABLE runs (
    id            BLOB NOT NULL PRIMARY KEY,
    job           INTEGER NOT NULL,
    generation    INTEGER NOT NULL,
    -- The due time that it covers, who asked for it, or the head that it is for.
    nominal       INTEGER,
    asked_by      TEXT,
    head_chain    TEXT,
    head_number   INTEGER,
    head_hash     BLOB,
    -- The head that the job ran for before; none for the first.
    head_previous INTEGER,
    attempt       INTEGER NOT NULL,
    -- The run of the first attempt, where this is a later one.
    first         BLOB,
    plugin        TEXT NOT NULL,
    digest        BLOB NOT NULL,
    claimed       INTEGER NOT NULL,
    epoch         INTEGER NOT NULL,
    started       INTEGER,
    finished      INTEGER,
    outcome       TEXT,
    message       TEXT,
    duration      INTEGER,
    cpu           INTEGER,
    peak_memory   INTEGER,
    -- When its next attempt is due, as long as that is to come.
    retry_at      INTEGER,
    CHECK ((nominal IS NOT NULL) + (asked_by IS NOT NULL) + (head_chain IS NOT NULL) = 1),
    CHECK ((head_chain IS NULL) = (head_number IS NULL) AND (head_chain IS NULL) = (head_hash IS NULL)),
    CHECK ((finished IS NULL) = (outcome IS NULL)),
    CHECK ((attempt > 1) = (first IS NOT NULL))
) STRICT, WITHOUT ROWID;
INSERT INTO runs (id, job, generation, nominal, asked_by, attempt, first, plugin, digest, claimed, epoch, started, finished,
                  outcome, message, duration, cpu, peak_memory, retry_at)
    SELECT id, job, generation, nominal, asked_by, attempt, first, plugin, digest, claimed, epoch, started, finished,
           outcome, message, duration, cpu, peak_memory, retry_at FROM runs_before;
DROP TABLE runs_before;
CREATE UNIQUE INDEX runs_due ON runs (job, generation, nominal, attempt) WHERE nominal IS NOT NULL;
CREATE UNIQUE INDEX runs_attempts ON runs (first, attempt) WHERE first IS NOT NULL;
CREATE INDEX runs_job ON runs (job, id);
CREATE INDEX runs_going ON runs (epoch) WHERE finished IS NULL;
CREATE INDEX runs_outcome ON runs (outcome, id, job) WHERE outcome <> 'success';
CREATE INDEX runs_asked ON runs (id, job) WHERE asked_by IS NOT NULL;
CREATE INDEX runs_retry ON runs (job) WHERE retry_at IS NOT NULL;
