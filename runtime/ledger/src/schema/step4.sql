-- The journal of payments. Amounts are 256-bit integers as 32 bytes, big-endian, in the smallest unit of what they count;
-- hashes and digests 32 bytes, addresses 20. Nothing here is ever dropped.

-- An account on a chain, by what can't be renamed.
CREATE TABLE senders (
    id            INTEGER PRIMARY KEY,
    chain_id      INTEGER NOT NULL,
    address       BLOB NOT NULL CHECK (octet_length(address) = 20),
    -- The journal's own time: the latest that a reservation brought. It never goes back.
    time          INTEGER NOT NULL DEFAULT 0,
    -- The highest block at which something was read that justified a reservation.
    highest_block INTEGER NOT NULL DEFAULT 0,
    -- How many reservations there were: the number of the last.
    reservations  INTEGER NOT NULL DEFAULT 0,
    -- The nonce that an operator said to go on from, and when; and the highest that was signed.
    adopted       INTEGER NOT NULL DEFAULT 0,
    adopted_at    INTEGER,
    signed        INTEGER,
    -- Where the books were last balanced against the chain.
    books_block   INTEGER,
    books_balance BLOB CHECK (octet_length(books_balance) = 32),
    UNIQUE (chain_id, address),
    CHECK ((books_block IS NULL) = (books_balance IS NULL))
) STRICT;

CREATE TABLE payments (
    id                  INTEGER PRIMARY KEY,
    -- What was asked.
    sender              INTEGER NOT NULL,
    account             TEXT NOT NULL,
    job                 TEXT NOT NULL,
    run                 BLOB NOT NULL,
    key                 TEXT NOT NULL,
    content             BLOB NOT NULL CHECK (octet_length(content) = 32),
    asset               TEXT NOT NULL,
    target              TEXT NOT NULL,
    asked               BLOB NOT NULL CHECK (octet_length(asked) = 32),
    asked_at            INTEGER NOT NULL,
    -- Where it stands, since when, and why where it ended without being paid.
    state               TEXT NOT NULL,
    changed             INTEGER NOT NULL,
    reason              TEXT,
    undecided_at        INTEGER,
    undecided           TEXT,
    -- The reservation: its number among the sender's, and its time by the journal's own.
    reservation         INTEGER,
    reserved_at         INTEGER,
    recipient           BLOB CHECK (octet_length(recipient) = 20),
    value               BLOB CHECK (octet_length(value) = 32),
    data                BLOB,
    amount              BLOB CHECK (octet_length(amount) = 32),
    max_fee             BLOB CHECK (octet_length(max_fee) = 32),
    block               INTEGER,
    basis               TEXT,
    -- What the sender had reserved in this asset up to and with this row, and of that what was for this job; without what
    -- was given back. The sum of a window is the difference of two rows.
    total               BLOB CHECK (octet_length(total) = 32),
    job_total           BLOB CHECK (octet_length(job_total) = 32),
    -- The transactions: their common nonce, how many, the hash of the last.
    nonce               INTEGER,
    transactions        INTEGER NOT NULL DEFAULT 0,
    hash                BLOB CHECK (octet_length(hash) = 32),
    -- The one that is in a block.
    included_hash       BLOB CHECK (octet_length(included_hash) = 32),
    included_block      INTEGER,
    included_block_hash BLOB CHECK (octet_length(included_block_hash) = 32),
    included_success    INTEGER,
    fee                 BLOB CHECK (octet_length(fee) = 32),
    CHECK (state IN ('intended', 'refused', 'reserved', 'signed', 'broadcast', 'included', 'confirmed', 'reverted',
                     'abandoned')),
    CHECK ((undecided_at IS NULL) = (undecided IS NULL)),
    CHECK ((reservation IS NULL) = (state IN ('intended', 'refused'))),
    CHECK ((reservation IS NOT NULL) * 9 = (reserved_at IS NOT NULL) + (recipient IS NOT NULL) + (value IS NOT NULL)
           + (data IS NOT NULL) + (amount IS NOT NULL) + (max_fee IS NOT NULL) + (block IS NOT NULL)
           + (total IS NOT NULL) + (job_total IS NOT NULL)),
    CHECK ((nonce IS NULL) = (state IN ('intended', 'refused', 'reserved'))),
    CHECK ((nonce IS NULL) = (hash IS NULL) AND (nonce IS NULL) = (transactions = 0)),
    CHECK ((included_hash IS NOT NULL) = (state IN ('included', 'confirmed', 'reverted'))),
    CHECK ((included_hash IS NOT NULL) * 4 = (included_block IS NOT NULL) + (included_block_hash IS NOT NULL)
           + (included_success IS NOT NULL) + (fee IS NOT NULL))
) STRICT;
-- A key names one effect.
CREATE UNIQUE INDEX payments_key ON payments (sender, job, key);
-- A nonce belongs to one payment.
CREATE UNIQUE INDEX payments_nonce ON payments (sender, nonce) WHERE nonce IS NOT NULL;
-- One payment to a target is in flight.
CREATE UNIQUE INDEX payments_in_flight ON payments (sender, target)
    WHERE state IN ('reserved', 'signed', 'broadcast', 'included');
CREATE INDEX payments_open ON payments (sender)
    WHERE state IN ('intended', 'reserved', 'signed', 'broadcast', 'included');
-- The last reservation for a target that wasn't given back.
CREATE INDEX payments_held ON payments (sender, target, reservation)
    WHERE state IN ('reserved', 'signed', 'broadcast', 'included', 'confirmed');
CREATE INDEX payments_spent ON payments (sender, asset, reserved_at, reservation) WHERE reservation IS NOT NULL;
CREATE INDEX payments_spent_by_job ON payments (sender, asset, job, reserved_at, reservation)
    WHERE reservation IS NOT NULL;
-- Nonces that others used.
CREATE INDEX payments_overtaken ON payments (sender, nonce) WHERE state = 'abandoned';
CREATE INDEX payments_included ON payments (sender, included_block) WHERE included_block IS NOT NULL;
CREATE INDEX payments_account ON payments (account);
CREATE INDEX payments_job ON payments (job);
CREATE INDEX payments_run ON payments (run);
CREATE INDEX payments_state ON payments (state);

-- What was signed for a payment, in order: each after the first replaces the one before. Its nonce is the payment's.
CREATE TABLE payment_transactions (
    payment              INTEGER NOT NULL,
    number               INTEGER NOT NULL,
    hash                 BLOB NOT NULL UNIQUE CHECK (octet_length(hash) = 32),
    raw                  BLOB NOT NULL,
    max_fee_per_gas      BLOB NOT NULL CHECK (octet_length(max_fee_per_gas) = 32),
    priority_fee_per_gas BLOB NOT NULL CHECK (octet_length(priority_fee_per_gas) = 32),
    gas_limit            INTEGER NOT NULL,
    signed_at            INTEGER NOT NULL,
    PRIMARY KEY (payment, number)
) STRICT, WITHOUT ROWID;

-- How many payments are in each state, and what is reserved for them; kept by each change of a state.
CREATE TABLE payment_totals (
    account TEXT NOT NULL,
    job     TEXT NOT NULL,
    asset   TEXT NOT NULL,
    state   TEXT NOT NULL,
    count   INTEGER NOT NULL,
    amount  BLOB NOT NULL CHECK (octet_length(amount) = 32),
    PRIMARY KEY (account, job, asset, state)
) STRICT, WITHOUT ROWID;

-- The component with which a job may pay, and the one that asked last without that right.
CREATE TABLE approvals (
    account     TEXT NOT NULL,
    job         TEXT NOT NULL,
    digest      BLOB NOT NULL CHECK (octet_length(digest) = 32),
    approved_by TEXT NOT NULL,
    approved_at INTEGER NOT NULL,
    PRIMARY KEY (account, job)
) STRICT, WITHOUT ROWID;
CREATE TABLE wanted_approvals (
    account TEXT NOT NULL,
    job     TEXT NOT NULL,
    digest  BLOB NOT NULL CHECK (octet_length(digest) = 32),
    at      INTEGER NOT NULL,
    PRIMARY KEY (account, job)
) STRICT, WITHOUT ROWID;

-- Who stopped all payments: one row, or none.
CREATE TABLE payments_stop (
    id   INTEGER PRIMARY KEY CHECK (id = 1),
    by   TEXT NOT NULL,
    note TEXT NOT NULL,
    at   INTEGER NOT NULL
) STRICT;
