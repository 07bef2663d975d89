//! Payments of several accounts, killed again and again: what was answered is there, at most one step more is, and every
//! sum is that of the rows. The process that suffers is this binary, as in the other tests of crashes.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Write as _},
    path::Path,
    process::Command,
};

use alloy_primitives::{B256, Bytes, U256};
use watchkeeper_model::PaymentState;

use super::{
    super::crash::{ACKNOWLEDGED, CHILD, again},
    at, inclusion, intent, node, reservation, sender, settled, told, transaction, wei,
};
use crate::{Book, Inclusion, Intended, Intent, Ledger, Payment, PaymentEvent, PaymentFilter, SignedTransaction};

const SENDERS: u8 = 3;
const ROUNDS: usize = 5;

#[test]
fn a_kill_leaves_every_payment_where_it_was_answered_or_one_step_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    // By sender, the last payment's number and state that were answered.
    let mut heard = HashMap::<u8, (u64, PaymentState)>::new();
    for round in 0..ROUNDS {
        let program = Command::new(std::env::current_exe().unwrap());
        let mut child = again("payments::crash::child_pays_for_ever", &path, program);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let mut hear = |line: String| {
            let words: Vec<_> = line.split(' ').skip_while(|word| *word != ACKNOWLEDGED).collect();
            if let [_, of, number, state, "."] = words[..] {
                heard.insert(of.parse().unwrap(), (number.parse().unwrap(), state.parse().unwrap()));
            }
        };
        lines.by_ref().filter(|line| line.contains(ACKNOWLEDGED)).take(30 + 41 * round).for_each(&mut hear);
        child.kill().unwrap();
        lines.filter(|line| line.contains(ACKNOWLEDGED)).for_each(&mut hear);
        child.wait().unwrap();

        let book = Book::open(&path, &node()).unwrap();
        for (of, answered) in &heard {
            whole(&book, *of, *answered);
        }
    }
    assert_eq!(heard.len(), usize::from(SENDERS));
}

fn whole(book: &Book, of: u8, (number, state): (u64, PaymentState)) {
    let filter = PaymentFilter { limit: 1_000, ..Default::default() };
    let mut payments = book.payments(&filter).unwrap();
    payments.retain(|payment| payment.intent.sender == sender(of));
    payments.reverse();
    let last = payments.last().unwrap();
    let found = (payments.len() as u64, last.state);
    assert!(found == (number, state) || found == next(number, state), "heard {number} {state}, found {found:?}");
    let reserved = payments.iter().filter(|payment| payment.reserved.is_some()).count() as u64;
    assert_eq!(book.spent(sender(of), "USDC", None, at(0)).unwrap().lifetime, wei(10 * reserved));
    let signed = payments.iter().filter(|payment| payment.nonce.is_some()).count() as u64;
    assert_eq!(book.sender(sender(of)).unwrap().unwrap().next_nonce, signed);
    for (nonce, payment) in (0..).zip(payments.iter().take_while(|payment| payment.nonce.is_some())) {
        assert_eq!(book.payment_transactions(payment.id).unwrap(), [transaction_of(of, nonce)]);
    }
    assert!(payments.iter().rev().skip(1).all(|payment| payment.state == PaymentState::Confirmed));
    let outflow = book.outflow(sender(of), 0, u64::MAX).unwrap();
    let in_block = payments.iter().filter(|payment| payment.included.is_some()).count() as u64;
    assert_eq!(outflow, wei(12 * in_block));
    let totals = book.payment_totals(None).unwrap();
    let confirmed =
        totals.iter().find(|total| total.job == payments[0].intent.job && total.state == PaymentState::Confirmed);
    let expected = payments.iter().filter(|payment| payment.state == PaymentState::Confirmed).count() as u64;
    assert_eq!(confirmed.map_or(0, |total| total.count), expected);
    assert!(!told(book).is_empty());
}

/// What comes after this state of a sender's last payment.
fn next(number: u64, state: PaymentState) -> (u64, PaymentState) {
    match state {
        PaymentState::Intended => (number, PaymentState::Reserved),
        PaymentState::Reserved => (number, PaymentState::Signed),
        PaymentState::Signed => (number, PaymentState::Broadcast),
        PaymentState::Broadcast => (number, PaymentState::Included),
        PaymentState::Included => (number, PaymentState::Confirmed),
        _ => (number + 1, PaymentState::Intended),
    }
}

fn transaction_of(of: u8, nonce: u64) -> SignedTransaction {
    let hash = B256::from(U256::from(nonce) * wei(10) + wei(of.into()));
    SignedTransaction { hash, raw: Bytes::from(vec![of; 300]), ..transaction(nonce, 0) }
}

#[tokio::test]
async fn child_pays_for_ever() {
    let Some(path) = std::env::var_os(CHILD) else {
        return;
    };
    let ledger = Ledger::open(Path::new(&path), &node()).unwrap();
    let ledger = &ledger;
    let senders = (1..=SENDERS).map(|of| async move {
        let mut paid = ledger.sender(sender(of)).await.unwrap().map_or(0, |known| known.next_nonce);
        let mut open = ledger.open_payments(sender(of)).await.unwrap().pop();
        if open.as_ref().is_some_and(|payment| payment.nonce.is_some()) {
            paid -= 1;
        }
        loop {
            let payment = match open.take() {
                Some(payment) => step(ledger, of, payment).await,
                None => ask(ledger, of, paid).await,
            };
            // The parent may have closed the pipe, and kills next.
            drop(writeln!(std::io::stdout(), "{ACKNOWLEDGED} {of} {} {} .", paid + 1, payment.state));
            if payment.state.is_final() {
                paid += 1;
            } else {
                open = Some(payment);
            }
        }
    });
    let never: Vec<()> = futures_util::future::join_all(senders).await;
    drop(never);
}

async fn ask(ledger: &Ledger, of: u8, number: u64) -> Payment {
    let job = super::job(&format!("job-{of}"));
    let asked = Intent { sender: sender(of), job, ..intent(&format!("key {number}")) };
    match ledger.intend(asked).await.unwrap() {
        Intended::New(payment) => payment,
        known => panic!("{known:?}"),
    }
}

async fn step(ledger: &Ledger, of: u8, payment: Payment) -> Payment {
    let id = payment.id;
    let event = match payment.state {
        PaymentState::Intended => return ledger.reserve(id, reservation(0)).await.unwrap().unwrap(),
        PaymentState::Reserved => {
            let nonce = ledger.sender(sender(of)).await.unwrap().unwrap().next_nonce;
            return ledger.sign(id, transaction_of(of, nonce)).await.unwrap();
        }
        PaymentState::Signed => PaymentEvent::Broadcast,
        PaymentState::Broadcast => PaymentEvent::Included(Inclusion { hash: payment.hash.unwrap(), ..inclusion(0, 8) }),
        _ => settled(),
    };
    ledger.payment_event(id, event, at(60)).await.unwrap()
}
