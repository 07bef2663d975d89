//! What the journal of payments promises, each group in a file. Here are payments as a wallet would bring them.

mod books;
mod crash;
mod gates;
mod keeping;
mod keys;
mod machine;
mod nonces;
mod windows;

use alloy_primitives::{Address, B256, Bytes, U256};
use jiff::{SignedDuration, Timestamp};
use watchkeeper_model::{AccountName, Digest, PaymentState, RunId, Window};

use super::{at, job, node};
use crate::{
    Barred, Book, Cap, EntryError, Inclusion, Intended, Intent, LedgerError, Payment, PaymentEvent, PaymentId,
    Reservation, Sender, SignedTransaction,
};

fn journal() -> Book {
    Book::in_memory(&node()).unwrap()
}

fn account(name: &str) -> AccountName {
    AccountName::new(name).unwrap()
}

fn sender(number: u8) -> Sender {
    Sender { chain_id: 42_766, address: Address::repeat_byte(number) }
}

fn funder() -> Sender {
    sender(1)
}

fn wei(amount: u64) -> U256 {
    U256::from(amount)
}

/// What `topup` asks from `funder`, for a target of the key's name.
fn intent(key: &str) -> Intent {
    Intent {
        account: account("funder"),
        sender: funder(),
        job: job("topup"),
        run: RunId::new(at(0), 1),
        key: key.to_owned(),
        content: Digest::new([3; 32]),
        asset: "USDC".to_owned(),
        target: format!("to {key}"),
        asked: wei(100),
        at: at(0),
    }
}

/// Ten units, at block 5 and a second, with no caps.
fn reservation(second: i64) -> Reservation {
    Reservation {
        to: Address::repeat_byte(9),
        value: wei(10),
        data: Bytes::from_static(b"\xb7\x60\xfa\xf9"),
        amount: wei(10),
        max_fee: wei(2),
        block: 5,
        reason: "balance 0 is below 5 at block 5".to_owned(),
        caps: Vec::new(),
        min_interval: SignedDuration::ZERO,
        now: at(second),
    }
}

fn cap(window: Window, limit: u64) -> Cap {
    Cap { of_job: false, window, limit: wei(limit) }
}

/// The `number`th transaction that anybody signed.
fn transaction(nonce: u64, number: u8) -> SignedTransaction {
    SignedTransaction {
        nonce,
        hash: B256::repeat_byte(number),
        raw: Bytes::from(vec![0x02, number, 0xde, 0xad]),
        max_fee_per_gas: wei(7),
        priority_fee_per_gas: wei(1),
        gas_limit: 60_000,
        at: at(i64::from(number)),
    }
}

fn inclusion(number: u8, block: u64) -> Inclusion {
    let block_hash = B256::with_last_byte(u8::try_from(block % 256).unwrap());
    Inclusion { hash: B256::repeat_byte(number), block_number: block, block_hash, success: true, fee: wei(2) }
}

fn refused_because(reason: &str) -> PaymentEvent {
    PaymentEvent::Refused { reason: reason.to_owned() }
}

fn abandoned_because(reason: &str) -> PaymentEvent {
    PaymentEvent::Abandoned { reason: reason.to_owned() }
}

fn settled() -> PaymentEvent {
    PaymentEvent::Settled { reason: None }
}

fn intend(book: &mut Book, intent: &Intent) -> Payment {
    match book.intend(intent).unwrap() {
        Intended::New(payment) => payment,
        known => panic!("{known:?}"),
    }
}

fn reserve(book: &mut Book, id: PaymentId, reservation: &Reservation) -> Result<Payment, Barred> {
    book.reserve(id, reservation).unwrap()
}

/// Notes an event a minute after the tests' time began.
fn event(book: &mut Book, id: PaymentId, event: &PaymentEvent) -> Payment {
    book.payment_event(id, event, at(60)).unwrap()
}

fn refusal<T: std::fmt::Debug>(result: Result<T, LedgerError>) -> EntryError {
    match result {
        Err(LedgerError::Refused(error)) => error,
        other => panic!("{other:?}"),
    }
}

/// A payment of this key that stands in `state`, signed as transaction `number` where it is signed.
fn standing(book: &mut Book, key: &str, state: PaymentState, number: u8) -> Payment {
    let id = intend(book, &intent(key)).id;
    let way: &[PaymentEvent] = match state {
        PaymentState::Intended => return book.payment(id).unwrap().unwrap(),
        PaymentState::Refused => return event(book, id, &refused_because("no need")),
        PaymentState::Reserved | PaymentState::Signed => &[],
        PaymentState::Broadcast => &[PaymentEvent::Broadcast],
        PaymentState::Included => &[PaymentEvent::Broadcast, PaymentEvent::Included(inclusion(number, 8))],
        PaymentState::Confirmed => &[PaymentEvent::Included(inclusion(number, 8)), settled()],
        PaymentState::Reverted => {
            let failed = Inclusion { success: false, ..inclusion(number, 8) };
            &[PaymentEvent::Included(failed), PaymentEvent::Settled { reason: Some("out of gas".to_owned()) }]
        }
        PaymentState::Abandoned => &[abandoned_because("0x77 has its nonce")],
    };
    let reserved = reserve(book, id, &reservation(0)).unwrap();
    if state == PaymentState::Reserved {
        return reserved;
    }
    let signed = sign(book, id, number);
    let last = way.iter().map(|happened| event(book, id, happened)).last().unwrap_or(signed);
    assert_eq!(last.state, state);
    last
}

/// Signs with the next nonce.
fn sign(book: &mut Book, id: PaymentId, number: u8) -> Payment {
    let of = book.payment(id).unwrap().unwrap().intent.sender;
    let next = book.sender(of).unwrap().unwrap().next_nonce;
    book.sign(id, &transaction(next, number)).unwrap()
}

/// All that a journal tells, as text: two that tell the same are the same.
fn told(book: &Book) -> String {
    let payments = book.payments(&crate::PaymentFilter { limit: 1_000, ..Default::default() }).unwrap();
    let transactions: Vec<_> = payments.iter().map(|payment| book.payment_transactions(payment.id).unwrap()).collect();
    let raw: Vec<_> = transactions.iter().flatten().map(|transaction| transaction.raw.clone()).collect();
    let of_sender = |of| {
        let spent = |job| book.spent(of, "USDC", job, Timestamp::UNIX_EPOCH).unwrap();
        let open: Vec<_> = book.open_payments(of).unwrap().iter().map(|payment| payment.id).collect();
        (book.sender(of).unwrap(), book.balanced(of).unwrap(), spent(None), spent(Some(&job("topup"))), open)
    };
    let steered = (book.stopped_payments().unwrap(), book.wanted_approvals().unwrap());
    let approval = book.approval(&account("funder"), &job("topup")).unwrap();
    let totals = book.payment_totals(None).unwrap();
    format!(
        "{payments:#?} {transactions:?} {raw:?} {:?} {:?} {steered:?} {approval:?} {totals:?}",
        of_sender(funder()),
        of_sender(sender(2))
    )
}
