//! A key names one effect of a job from an account on a chain: the same again is found, something else is a conflict.

use watchkeeper_model::{Digest, PaymentState, RunId};

use super::{
    account, at, funder, intend, intent, job, journal, refusal, reservation, reserve, sender, standing, told, wei,
};
use crate::{EntryError, Intended, Intent, MAX_PAYMENT_KEY_BYTES, MAX_TEXT_BYTES, PaymentFilter, Sender};

#[test]
fn the_same_key_is_found_and_another_content_is_a_conflict() {
    for state in PaymentState::ALL.into_iter().filter(|state| *state != PaymentState::Refused) {
        let mut book = journal();
        let payment = standing(&mut book, "a", state, 1);
        let before = told(&book);
        let again = Intent { run: RunId::new(at(9), 2), at: at(9), account: account("renamed"), ..intent("a") };
        assert_eq!(book.intend(&again).unwrap(), Intended::Known(payment.clone()));
        let other = Intent { content: Digest::new([4; 32]), ..again };
        assert_eq!(book.intend(&other).unwrap(), Intended::Conflict(payment.clone()));
        assert_eq!(told(&book), before, "{state}");
        assert_eq!(book.payment_by_key(funder(), &job("topup"), "a").unwrap(), Some(payment));
    }
}

#[test]
fn a_refused_one_may_ask_again_for_something_else() {
    let mut book = journal();
    let refused = standing(&mut book, "a", PaymentState::Refused, 1);
    let other = Intent {
        account: account("renamed"),
        run: RunId::new(at(9), 2),
        content: Digest::new([4; 32]),
        asset: "USDT".to_owned(),
        target: "elsewhere".to_owned(),
        asked: wei(7),
        at: at(9),
        ..intent("a")
    };
    let anew = intend(&mut book, &other);
    assert_eq!((anew.id, anew.state, anew.changed, &anew.intent), (refused.id, PaymentState::Intended, at(9), &other));
    assert_eq!(book.intend(&other).unwrap(), Intended::Known(anew.clone()));
    assert!(reserve(&mut book, anew.id, &reservation(10)).is_ok());
}

#[test]
fn another_job_account_or_chain_has_keys_of_its_own() {
    let mut book = journal();
    let others = [
        intent("a"),
        intent("b"),
        Intent { job: job("other"), ..intent("a") },
        Intent { sender: sender(2), ..intent("a") },
        Intent { sender: Sender { chain_id: 1, ..funder() }, ..intent("a") },
    ];
    let ids: Vec<_> = others.iter().map(|intent| intend(&mut book, intent).id).collect();
    assert_eq!(ids, [1, 2, 3, 4, 5]);
    for (intent, id) in others.iter().zip(ids) {
        let found = book.payment_by_key(intent.sender, &intent.job, &intent.key).unwrap().unwrap();
        assert_eq!((found.id, &found.intent), (id, intent));
    }
    assert_eq!(book.payment_by_key(funder(), &job("topup"), "A").unwrap(), None, "case counts");
    assert_eq!(book.payment_by_key(sender(7), &job("topup"), "a").unwrap(), None);
}

#[test]
fn a_key_that_is_too_long_is_refused_and_not_cut() {
    let mut book = journal();
    let longest = intent(&"k".repeat(MAX_PAYMENT_KEY_BYTES));
    intend(&mut book, &longest);
    let longer = intent(&"k".repeat(MAX_PAYMENT_KEY_BYTES + 1));
    let (what, bytes, limit) = ("key", 201, 200);
    assert_eq!(refusal(book.intend(&longer)), EntryError::PaymentText { what, bytes, limit });
    let target = Intent { target: "t".repeat(MAX_TEXT_BYTES + 1), ..intent("a") };
    assert!(matches!(refusal(book.intend(&target)), EntryError::PaymentText { what: "target", .. }));
    assert_eq!(book.payments(&PaymentFilter { limit: 9, ..Default::default() }).unwrap().len(), 1);
}

#[test]
fn payments_are_told_by_what_they_are() {
    let mut book = journal();
    let asked: Vec<_> = (0..6_u8)
        .map(|number| Intent {
            account: account(if number < 3 { "funder" } else { "other" }),
            sender: sender(if number < 3 { 1 } else { 2 }),
            job: job(if number % 2 == 0 { "even" } else { "odd" }),
            run: RunId::new(at(i64::from(number)), 1),
            ..intent(&format!("key {number}"))
        })
        .collect();
    for intent in &asked {
        intend(&mut book, intent);
    }
    reserve(&mut book, 2, &reservation(0)).unwrap();
    let all = PaymentFilter { limit: 10, ..Default::default() };
    let told = |filter: &PaymentFilter| -> Vec<_> {
        book.payments(filter).unwrap().into_iter().map(|payment| payment.id).collect()
    };
    assert_eq!(told(&all), [6, 5, 4, 3, 2, 1]);
    assert_eq!(told(&PaymentFilter { limit: 2, before: Some(5), ..all.clone() }), [4, 3]);
    assert_eq!(told(&PaymentFilter { before: Some(u64::MAX), ..all.clone() }).len(), 6);
    assert_eq!(told(&PaymentFilter { account: Some(account("other")), ..all.clone() }), [6, 5, 4]);
    assert_eq!(told(&PaymentFilter { job: Some(job("odd")), ..all.clone() }), [6, 4, 2]);
    assert_eq!(told(&PaymentFilter { run: Some(asked[3].run), ..all.clone() }), [4]);
    assert_eq!(told(&PaymentFilter { state: Some(PaymentState::Reserved), ..all.clone() }), [2]);
    let both = PaymentFilter { account: Some(account("funder")), job: Some(job("even")), ..all };
    assert_eq!(told(&both), [3, 1]);
}
