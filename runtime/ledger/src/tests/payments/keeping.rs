//! The journal outlives everything: a restart after each step, retention, an upgrade; and only the process in charge of a
//! file that is there may write it.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use jiff::{SignedDuration, Timestamp};
use watchkeeper_model::{Digest, Outcome, PaymentState, Window};

use super::{
    super::{asked, book as with_probe, ran},
    abandoned_because, account, at, cap, funder, inclusion, intent, job, journal, node, refusal, refused_because,
    reservation, settled, standing, told, transaction, wei,
};
use crate::{
    Approval, Balanced, Book, EntryError, Inclusion, Intended, Ledger, LedgerError, PaymentEvent, PaymentFilter,
    Reservation, Retention, RunFilter, SignedTransaction, StoppedPayments, open, schema,
};

type Step = Box<dyn Fn(&mut Book) -> Result<(), LedgerError>>;

fn step<T>(deed: impl Fn(&mut Book) -> Result<T, LedgerError> + 'static) -> Step {
    Box::new(move |book| deed(book).map(drop))
}

fn happens(id: u64, event: PaymentEvent) -> Step {
    step(move |book| book.payment_event(id, &event, at(60)))
}

/// Two payments from their intents to their ends, and everything around them.
fn all_steps() -> Vec<Step> {
    let digest = Digest::new([5; 32]);
    let failed = Inclusion { success: false, ..inclusion(3, 9) };
    vec![
        step(|book| book.adopt(funder(), 40, at(0))),
        step(move |book| {
            let (account, job, by) = (account("funder"), job("topup"), "ann".to_owned());
            book.approve(&Approval { account, job, digest, by, at: at(0) })
        }),
        step(|book| book.want_approval(&account("funder"), &job("topup"), Digest::new([6; 32]), at(0))),
        step(|book| book.intend(&intent("a"))),
        step(|book| book.reserve(1, &reservation(0))),
        happens(1, refused_because("no need")),
        step(|book| book.intend(&intent("a"))),
        step(|book| book.reserve(1, &Reservation { caps: vec![cap(Window::Day, 1)], ..reservation(9) })),
        step(|book| book.reserve(1, &reservation(10))),
        step(|book| book.sign(1, &transaction(40, 1))),
        happens(1, PaymentEvent::Broadcast),
        step(|book| book.sign(1, &transaction(40, 2))),
        happens(1, PaymentEvent::Undecided(Some("silent".to_owned()))),
        happens(1, PaymentEvent::Included(inclusion(1, 8))),
        happens(1, PaymentEvent::Uncovered),
        happens(1, PaymentEvent::Included(inclusion(2, 8))),
        happens(1, settled()),
        step(|book| book.balance(funder(), Balanced { block: 8, balance: wei(90) })),
        step(|book| book.intend(&intent("b"))),
        step(|book| book.reserve(2, &reservation(20))),
        step(|book| book.sign(2, &transaction(41, 3))),
        happens(2, PaymentEvent::Included(failed)),
        happens(2, PaymentEvent::Settled { reason: Some("out of gas".to_owned()) }),
        step(|book| book.intend(&intent("c"))),
        step(|book| book.reserve(3, &reservation(30))),
        step(|book| book.sign(3, &transaction(42, 4))),
        happens(3, abandoned_because("0x77 has its nonce")),
        step(|book| {
            let (by, note, at) = ("ann".to_owned(), "drill".to_owned(), at(0));
            book.stop_payments(Some(&StoppedPayments { by, note, at }))
        }),
        step(|book| book.stop_payments(None)),
    ]
}

#[test]
fn a_process_that_starts_after_any_step_finds_what_the_one_before_knew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let mut unbroken = journal();
    let mut seen = std::collections::BTreeSet::new();
    for deed in all_steps() {
        let mut book = Book::open(&path, &node()).unwrap();
        deed(&mut book).unwrap();
        deed(&mut unbroken).unwrap();
        drop(book);
        let again = Book::open(&path, &node()).unwrap();
        assert_eq!(told(&again), told(&unbroken));
        seen.insert(told(&again));
    }
    assert!(seen.len() >= all_steps().len() - 1, "each step tells something new: {}", seen.len());
}

#[test]
fn a_process_that_was_replaced_writes_no_payment() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let mut old = Book::open(&path, &node()).unwrap();
    for (number, deed) in all_steps().into_iter().enumerate() {
        let mut new = Book::open(&path, &node()).unwrap();
        let before = told(&new);
        assert_eq!(refusal(deed(&mut old)), EntryError::PaymentsFenced, "step {number}");
        assert_eq!(told(&new), before);
        deed(&mut new).unwrap();
        assert_eq!(told(&old), told(&new), "it may still read");
        old = new;
    }
}

#[test]
fn retention_takes_no_payment() {
    let mut book = with_probe();
    ran(&mut book, &asked("probe", 1), Outcome::Success);
    for (number, state) in (1..).zip(PaymentState::ALL) {
        standing(&mut book, state.as_str(), state, number);
    }
    book.balance(funder(), Balanced { block: 8, balance: wei(90) }).unwrap();
    let before = told(&book);
    let retention = Retention { max_age: SignedDuration::ZERO, max_runs_per_job: 0 };
    while book.retain(&retention, at(1_000_000)).unwrap() > 0 {}
    assert!(book.runs(&RunFilter { limit: 9, ..RunFilter::default() }).unwrap().is_empty(), "runs go");
    assert_eq!(told(&book), before);
    standing(&mut book, "after", PaymentState::Signed, 99);
}

#[test]
fn a_ledger_from_before_payments_keeps_everything() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let old = rusqlite::Connection::open(&path).unwrap();
    schema::steps(&old, 0, 3).unwrap();
    old.execute_batch(
        "INSERT INTO nodes VALUES (1, '', '', 0);
         INSERT INTO state VALUES ('probe', 'head', x'00ff');
         INSERT INTO state_size VALUES ('probe', 70);
         INSERT INTO jobs (id, name, generation, schedule, began, cursor, fence, kept, head_number, head_hash)
         VALUES (1, 'probe', 1, 'every/1 1s', 0, 9, 1, 1, 7, zeroblob(32));
         INSERT INTO runs (id, job, generation, nominal, attempt, plugin, digest, claimed, epoch, finished, outcome, message,
                           duration, cpu, peak_memory)
         VALUES (x'00000000000000000000000000000001', 1, 1, 9, 1, 'height', zeroblob(32), 9, 1, 10, 'success', 'done', 1, 1, 1);
         INSERT INTO skips VALUES (1, 20, 1, 10, 'overlap', 2);
         INSERT INTO actions (at, by, verb, job, note) VALUES (5, 'ann', 'pause', 'probe', 'why');",
    )
    .unwrap();
    old.close().unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();

    let mut book = Book::open(&path, &node()).unwrap();
    let runs = book.runs(&RunFilter { limit: 9, ..RunFilter::default() }).unwrap();
    assert_eq!(runs[0].end.as_ref().unwrap().message, "done");
    assert_eq!(book.state(&job("probe"), "head").unwrap().unwrap(), b"\x00\xff");
    assert_eq!(book.jobs().unwrap()[0].head.unwrap().number, 7);
    assert_eq!(book.skips(&job("probe"), Timestamp::UNIX_EPOCH, 9).unwrap().len(), 1);
    assert_eq!(book.actions(None, 9).unwrap()[0].action.note, "why");
    assert!(book.payments(&PaymentFilter { limit: 9, ..Default::default() }).unwrap().is_empty());
    assert_eq!(standing(&mut book, "a", PaymentState::Confirmed, 1).id, 1);
}

#[tokio::test]
async fn a_journal_that_is_moved_away_takes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let ledger = Ledger::open(&path, &node()).unwrap();
    ledger.intend(intent("a")).await.unwrap();
    let elsewhere = folder.path().join("elsewhere");
    fs::rename(&path, &elsewhere).unwrap();
    let away = |error: LedgerError| assert!(error.is_store_away() && error.to_string().contains("is gone"), "{error}");
    away(ledger.reserve(1, reservation(0)).await.unwrap_err());
    away(ledger.intend(intent("b")).await.unwrap_err());
    away(ledger.adopt(funder(), 7, at(0)).await.unwrap_err());
    fs::rename(&elsewhere, &path).unwrap();
    assert_eq!(ledger.payments(PaymentFilter { limit: 9, ..Default::default() }).await.unwrap().len(), 1);
    assert_eq!(ledger.reserve(1, reservation(0)).await.unwrap().unwrap().state, PaymentState::Reserved);
    assert_eq!(ledger.sender(funder()).await.unwrap().unwrap().next_nonce, 0);
}

#[test]
fn a_full_disk_takes_no_step_and_loses_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let connection = open::open(&path).unwrap();
    let pages: u32 = connection.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
    connection.pragma_update(None, "max_page_count", pages + 10).unwrap();
    let mut book = Book::new(connection, Some(&path), &node()).unwrap();
    let id = standing(&mut book, "a", PaymentState::Reserved, 1).id;
    let before = told(&book);
    let large = SignedTransaction { raw: vec![2; 100_000].into(), ..transaction(0, 1) };
    assert!(matches!(book.sign(id, &large), Err(LedgerError::Full)));
    assert_eq!(told(&book), before);
    assert_eq!(book.sign(id, &transaction(0, 1)).unwrap().state, PaymentState::Signed);
}

#[tokio::test]
async fn what_was_answered_is_seen_by_every_reader() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(&folder.path().join("ledger.db"), &node()).unwrap();
    for number in 0..20 {
        let key = format!("key {number}");
        let Intended::New(payment) = ledger.intend(intent(&key)).await.unwrap() else { panic!("{key}") };
        let reserved = ledger.reserve(payment.id, reservation(0)).await.unwrap().unwrap();
        let filter = PaymentFilter { limit: 1, ..Default::default() };
        assert_eq!(ledger.payments(filter).await.unwrap().pop().as_ref(), Some(&reserved));
        assert_eq!(ledger.payment(payment.id).await.unwrap(), Some(reserved.clone()));
        assert_eq!(ledger.payment_by_key(funder(), &job("topup"), &key).await.unwrap(), Some(reserved));
        let spent = ledger.spent(funder(), "USDC", Some(&job("topup")), at(0)).await.unwrap();
        assert_eq!(spent.lifetime, wei(10 * (number + 1)));
        let totals = ledger.payment_totals(Some(account("funder"))).await.unwrap();
        assert_eq!(totals.iter().map(|total| total.count).sum::<u64>(), number + 1);
        assert_eq!(ledger.open_payments(funder()).await.unwrap().len() as u64, number + 1);
    }
}

#[test]
fn rows_that_somebody_else_wrote_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let mut book = Book::open(&path, &node()).unwrap();
    let id = standing(&mut book, "a", PaymentState::Reserved, 1).id;
    meddle(&path, "UPDATE payments SET total = zeroblob(32)");
    let error = book.payment_event(id, &refused_because("no need"), at(9)).unwrap_err();
    assert!(error.is_store_away() && error.to_string().contains("contradict"), "{error}");
    assert_eq!(book.payment(id).unwrap().unwrap().state, PaymentState::Reserved);
    for statement in [
        "UPDATE payments SET state = 'paid'",
        "UPDATE payments SET state = 'intended'",
        "UPDATE payments SET state = 'signed'",
        "UPDATE payments SET amount = x'00'",
        "UPDATE payments SET total = NULL",
    ] {
        let other = rusqlite::Connection::open(&path).unwrap();
        assert!(other.execute_batch(statement).is_err(), "{statement}");
    }
}

fn meddle(path: &Path, statement: &str) {
    let other = rusqlite::Connection::open(path).unwrap();
    other.execute_batch(statement).unwrap();
}
