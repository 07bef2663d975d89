//! What a payment's steps cost as the journal grows: every statement finds its rows by an index, and a reservation takes as
//! many steps in a long journal as in a short one.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{StatementStatus, types::Null};
use watchkeeper_model::{AccountName, Digest, JobName, PaymentState, RunId, Window};

use super::{Book, LATEST_EPOCH, read, reserve, senders, sign, stop, totals, windows};
use crate::{Cap, Intended, Intent, NodeStart, PaymentFilter, Reservation, Sender};

fn book() -> Book {
    let node = NodeStart { host: String::new(), version: String::new(), started: Timestamp::UNIX_EPOCH };
    Book::in_memory(&node).unwrap()
}

#[test]
fn every_question_is_answered_from_an_index() {
    let book = book();
    let plan = |statement: &str| -> Vec<String> {
        let mut statement = book.connection.prepare(&format!("EXPLAIN QUERY PLAN {statement}")).unwrap();
        let nothing = std::iter::repeat_n(Null, statement.parameter_count());
        let steps = statement.query_map(rusqlite::params_from_iter(nothing), |row| row.get(3)).unwrap();
        steps.collect::<rusqlite::Result<_>>().unwrap()
    };
    let any = PaymentFilter::default();
    let page = |filter: PaymentFilter| read::query(&read::conditions(&filter).0);
    let cases = [
        (LATEST_EPOCH.to_owned(), "SEARCH nodes"),
        (read::query(read::BY_ID), "SEARCH payments USING INTEGER PRIMARY KEY (rowid=?)"),
        (read::query(read::BY_KEY), "SEARCH payments USING INDEX payments_key (sender=? AND job=? AND key=?)"),
        (read::query(read::OPEN), "SEARCH payments USING INDEX payments_open (sender=?)"),
        (reserve::IN_FLIGHT.to_owned(), "SEARCH payments USING INDEX payments_in_flight (sender=? AND target=?)"),
        (reserve::LAST_HELD.to_owned(), "SEARCH payments USING INDEX payments_held (sender=? AND target=?)"),
        (
            windows::TOTAL.to_owned(),
            "SEARCH payments USING INDEX payments_spent (sender=? AND asset=? AND reserved_at<?)",
        ),
        (
            windows::JOB_TOTAL.to_owned(),
            "SEARCH payments USING INDEX payments_spent_by_job (sender=? AND asset=? AND job=? AND reserved_at<?)",
        ),
        (
            windows::SINCE.to_owned(),
            "SEARCH payments USING INDEX payments_spent (sender=? AND asset=? AND reserved_at>?)",
        ),
        (sign::OWNER.to_owned(), "SEARCH payment_transactions USING"),
        (stop::STOPPED.to_owned(), "SCAN payments_stop"),
        (totals::SUM.to_owned(), "SEARCH payment_totals USING PRIMARY KEY"),
        (senders::FIND.to_owned(), "SEARCH senders USING INDEX"),
        (senders::IN_FLIGHT.to_owned(), "SEARCH payments USING INDEX payments_in_flight (sender=?)"),
        (
            senders::OVERTAKEN.to_owned(),
            "SEARCH payments USING COVERING INDEX payments_overtaken (sender=? AND nonce>?)",
        ),
        (
            senders::OUTFLOW.to_owned(),
            "SEARCH payments USING INDEX payments_included (sender=? AND included_block>? AND included_block<?)",
        ),
        (page(any.clone()), "SCAN payments"),
        (page(PaymentFilter { before: Some(9), ..any.clone() }), "SEARCH payments USING INTEGER PRIMARY KEY (rowid<?)"),
        (
            page(PaymentFilter { account: Some(AccountName::new("funder").unwrap()), ..any.clone() }),
            "SEARCH payments USING INDEX payments_account (account=?)",
        ),
        (
            page(PaymentFilter { job: Some(JobName::new("topup").unwrap()), ..any.clone() }),
            "SEARCH payments USING INDEX payments_job (job=?)",
        ),
        (
            page(PaymentFilter { run: Some(RunId::from_bits(1)), ..any.clone() }),
            "SEARCH payments USING INDEX payments_run (run=?)",
        ),
        (
            page(PaymentFilter { state: Some(PaymentState::Included), ..any }),
            "SEARCH payments USING INDEX payments_state (state=?)",
        ),
    ];
    for (statement, expected) in cases {
        let plan = plan(&statement);
        assert!(plan.iter().any(|step| step.starts_with(expected)), "{statement}: {plan:?}");
        assert!(!plan.iter().any(|step| step.contains("B-TREE")), "{statement} sorts: {plan:?}");
    }
}

#[test]
fn a_reservation_costs_the_same_however_long_the_journal_is() {
    let [short, long] = [1_000, 100_000].map(steps_of_a_reservation);
    assert_eq!(short, long);
    assert!(long.values().all(|steps| *steps > 0), "each was asked: {long:?}");
}

/// Steps of SQLite's machine that each statement of a reservation took, behind so many payments that were made before.
fn steps_of_a_reservation(payments: u32) -> std::collections::BTreeMap<&'static str, i32> {
    let mut book = book();
    fill(&book, payments);
    let now = Timestamp::from_second(1_000_000_000).unwrap();
    let asked = Intent {
        account: AccountName::new("funder").unwrap(),
        sender: Sender { chain_id: 1, address: alloy_primitives::Address::ZERO },
        job: JobName::new("topup").unwrap(),
        run: RunId::from_bits(1),
        key: "new".to_owned(),
        content: Digest::new([0; 32]),
        asset: "USDC".to_owned(),
        target: "target".to_owned(),
        asked: alloy_primitives::U256::ZERO,
        at: now,
    };
    let Intended::New(payment) = book.intend(&asked).unwrap() else { panic!("its key is new") };
    let windows = [Window::Day, Window::Week, Window::Lifetime];
    let caps = windows
        .into_iter()
        .flat_map(|window| [false, true].map(|of_job| Cap { of_job, window, limit: alloy_primitives::U256::MAX }));
    let reservation = Reservation {
        to: alloy_primitives::Address::ZERO,
        value: alloy_primitives::U256::ZERO,
        data: alloy_primitives::Bytes::new(),
        amount: alloy_primitives::U256::from(1),
        max_fee: alloy_primitives::U256::ZERO,
        block: 1,
        reason: String::new(),
        caps: caps.collect(),
        min_interval: SignedDuration::ZERO,
        now,
    };
    let by_id = read::query(read::BY_ID);
    let statements = [
        ("in charge", LATEST_EPOCH),
        ("by id", &by_id),
        ("stopped", stop::STOPPED),
        ("sender", senders::FIND),
        ("in flight", reserve::IN_FLIGHT),
        ("last held", reserve::LAST_HELD),
        ("totals", windows::TOTAL),
        ("totals of the job", windows::JOB_TOTAL),
        ("hear", senders::HEAR),
        ("see", senders::SEE),
        ("number", senders::NEXT),
        ("write", reserve::WRITE),
        ("sum", totals::SUM),
        ("count", totals::WRITE),
    ];
    let steps = |book: &Book, statement| {
        book.connection.prepare_cached(statement).unwrap().reset_status(StatementStatus::VmStep)
    };
    for (_, statement) in statements {
        steps(&book, statement);
    }
    book.reserve(payment.id, &reservation).unwrap().unwrap();
    statements.iter().map(|(name, statement)| (*name, steps(&book, statement))).collect()
}

/// Confirmed payments of one sender and job, one each ten minutes, to ten targets.
fn fill(book: &Book, payments: u32) {
    book.connection
        .execute_batch(&format!(
            "INSERT INTO senders (chain_id, address, time, reservations, signed)
             VALUES (1, zeroblob(20), {payments} * 600000000000, {payments}, {payments});
             WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {payments})
             INSERT INTO payments (sender, account, job, run, key, content, asset, target, asked, asked_at, state, changed,
                                   reservation, reserved_at, recipient, value, data, amount, max_fee, block, basis, total,
                                   job_total, nonce, transactions, hash, included_hash, included_block, included_block_hash,
                                   included_success, fee)
             SELECT 1, 'funder', 'topup', zeroblob(16), 'key ' || n, zeroblob(32), 'USDC', iif(n % 10, n % 10, 'target'),
                    zeroblob(32), 0, 'confirmed', 0, n, n * 600000000000, zeroblob(20), zeroblob(32), x'', zeroblob(32),
                    zeroblob(32), 1, '', unhex(format('%064x', n)), unhex(format('%064x', n)), n, 1, zeroblob(32),
                    zeroblob(32), n, zeroblob(32), 1, zeroblob(32)
             FROM numbers;"
        ))
        .unwrap();
}
