//! A nonce belongs to one payment, and the next follows on the last that was signed.

use alloy_primitives::B256;
use watchkeeper_model::PaymentState;

use super::{
    abandoned_because, at, event, funder, intend, intent, journal, refusal, reservation, reserve, sign, standing, told,
    transaction, wei,
};
use crate::{EntryError, Intent, LedgerError, PaymentEvent, Sender, SignedTransaction};

#[test]
fn the_first_signature_has_the_next_nonce() {
    let mut book = journal();
    let first = standing(&mut book, "a", PaymentState::Reserved, 1);
    let before = told(&book);
    let ahead = book.sign(first.id, &transaction(1, 1));
    assert_eq!(refusal(ahead), EntryError::NotNextNonce { payment: first.id, nonce: 1, next: 0 });
    assert_eq!(told(&book), before);
    book.sign(first.id, &transaction(0, 1)).unwrap();

    let second = standing(&mut book, "b", PaymentState::Reserved, 2);
    let used = book.sign(second.id, &transaction(0, 2));
    assert_eq!(refusal(used), EntryError::NotNextNonce { payment: second.id, nonce: 0, next: 1 });
    event(&mut book, first.id, &abandoned_because("0x77 has its nonce"));
    let used = book.sign(second.id, &transaction(0, 2));
    assert_eq!(refusal(used), EntryError::NotNextNonce { payment: second.id, nonce: 0, next: 1 }, "it is used up");
    assert_eq!(book.sign(second.id, &transaction(1, 2)).unwrap().nonce, Some(1));
}

#[test]
fn each_sender_counts_for_itself() {
    let mut book = journal();
    let elsewhere = Sender { chain_id: 1, ..funder() };
    standing(&mut book, "a", PaymentState::Signed, 1);
    let id = intend(&mut book, &Intent { sender: elsewhere, ..intent("a") }).id;
    reserve(&mut book, id, &reservation(0)).unwrap();
    assert_eq!(book.sign(id, &transaction(0, 2)).unwrap().nonce, Some(0));
}

#[test]
fn a_replacement_has_the_nonce_of_what_it_replaces() {
    let mut book = journal();
    let first = standing(&mut book, "a", PaymentState::Broadcast, 1);
    standing(&mut book, "b", PaymentState::Signed, 2);
    let before = told(&book);
    let other = book.sign(first.id, &transaction(2, 3));
    assert_eq!(refusal(other), EntryError::OtherNonce { payment: first.id, own: 0, nonce: 2 });
    assert_eq!(told(&book), before);

    let dearer = SignedTransaction { max_fee_per_gas: wei(9), ..transaction(0, 3) };
    let replaced = book.sign(first.id, &dearer).unwrap();
    assert_eq!((replaced.state, replaced.transactions, replaced.hash), (PaymentState::Broadcast, 2, Some(dearer.hash)));
    assert_eq!(book.sign(first.id, &dearer).unwrap(), replaced, "the same again");
    assert_eq!(book.payment_transactions(first.id).unwrap(), [transaction(0, 1), dearer]);
    assert_eq!(book.sender(funder()).unwrap().unwrap().next_nonce, 2);
}

#[test]
fn a_transaction_belongs_to_one_payment() {
    let mut book = journal();
    let first = standing(&mut book, "a", PaymentState::Signed, 1);
    let second = standing(&mut book, "b", PaymentState::Reserved, 2);
    let stolen = book.sign(second.id, &transaction(1, 1));
    let hash = B256::repeat_byte(1);
    assert_eq!(refusal(stolen), EntryError::KnownTransaction { hash, payment: first.id });
}

#[test]
fn an_operator_adopts_what_the_chain_has() {
    let mut book = journal();
    assert_eq!(book.sender(funder()).unwrap(), None);
    assert_eq!(book.adopt(funder(), 57, at(0)).unwrap().next_nonce, 57);
    assert_eq!(book.adopt(funder(), 40, at(1)).unwrap().next_nonce, 40, "a wrong one is taken back");
    let first = standing(&mut book, "a", PaymentState::Signed, 1);
    assert_eq!(first.nonce, Some(40));
    assert_eq!(refusal(book.adopt(funder(), 50, at(2))), EntryError::InFlight(1));
    event(&mut book, first.id, &abandoned_because("0x77 has its nonce"));
    assert_eq!(book.adopt(funder(), 7, at(3)).unwrap().next_nonce, 41, "never below what was signed");
    assert_eq!(book.adopt(funder(), 50, at(4)).unwrap().next_nonce, 50);
    assert_eq!(standing(&mut book, "b", PaymentState::Signed, 2).nonce, Some(50));
}

#[test]
fn a_nonce_that_no_chain_can_have_is_not_kept() {
    let mut book = journal();
    let last = u64::try_from(i64::MAX).unwrap();
    assert!(matches!(book.adopt(funder(), last + 1, at(0)), Err(LedgerError::Unfit(_))));
    book.adopt(funder(), last, at(0)).unwrap();
    standing(&mut book, "a", PaymentState::Abandoned, 1);
    assert_eq!(book.sender(funder()).unwrap().unwrap().next_nonce, last + 1);
    let id = standing(&mut book, "b", PaymentState::Reserved, 2).id;
    assert!(matches!(book.sign(id, &transaction(last + 1, 2)), Err(LedgerError::Unfit(_))));
}

#[test]
fn open_payments_are_told_oldest_first_until_their_end() {
    let mut book = journal();
    for (number, state) in (1..).zip(PaymentState::ALL) {
        standing(&mut book, state.as_str(), state, number);
    }
    let open: Vec<_> = book.open_payments(funder()).unwrap().into_iter().map(|payment| payment.state).collect();
    let expected: Vec<_> = PaymentState::ALL.into_iter().filter(|state| !state.is_final()).collect();
    assert_eq!(open, expected);
    let in_flight = PaymentState::ALL.into_iter().filter(|state| state.is_in_flight()).count();
    assert_eq!(book.sender(funder()).unwrap().unwrap().in_flight, in_flight as u64);
}

#[test]
fn signed_bytes_show_nowhere_but_where_they_are_asked_for() {
    let mut book = journal();
    let payment = standing(&mut book, "a", PaymentState::Signed, 1);
    let transactions = book.payment_transactions(payment.id).unwrap();
    assert_eq!(transactions[0].raw, transaction(0, 1).raw);
    let shown = format!("{payment:?} {transactions:?}");
    let stolen = PaymentEvent::Included(super::inclusion(9, 9));
    let refused = refusal(book.payment_event(payment.id, &stolen, at(9)));
    let nonce = refusal(book.sign(payment.id, &transaction(5, 5)));
    for text in [shown, format!("{refused:?} {refused} {nonce:?} {nonce}")] {
        assert!(!text.to_lowercase().contains("dead") && !text.contains("222, 173"), "{text}");
    }
    let id = standing(&mut book, "b", PaymentState::Reserved, 1).id;
    sign(&mut book, id, 4);
}
