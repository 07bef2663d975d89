-- Programs that were started for runs and aren't known to be gone. What is here when a process starts was left by one before it.
CREATE TABLE processes (
    -- The machine's boot, the process, and when it began in that boot's clock ticks: together never another's.
    boot       TEXT NOT NULL,
    pid        INTEGER NOT NULL,
    ticks      INTEGER NOT NULL,
    -- The session that its group is in.
    session    INTEGER NOT NULL,
    run        BLOB NOT NULL,
    job        TEXT NOT NULL,
    command    TEXT NOT NULL,
    epoch      INTEGER NOT NULL,
    started    INTEGER NOT NULL,
    PRIMARY KEY (boot, pid, ticks)
) STRICT, WITHOUT ROWID;
