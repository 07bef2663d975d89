//! Every event at every state: where it leads, or that it is refused and changes nothing.

use watchkeeper_model::PaymentState;

use super::{
    abandoned_because, at, inclusion, intend, intent, journal, refusal, refused_because, reservation, reserve, settled,
    standing, told, transaction,
};
use crate::{Barred, EntryError, Inclusion, PaymentEvent};

/// Where each leads. `=`: it is known already, nothing changes. `+`: the state stays, the row tells more. `!`: refused by
/// name, nothing changes.
const MACHINE: &str = "
              sign      refused   broadcast   included   uncovered   settled     abandoned   undecided
    intended  !         refused   !           !          !           !           !           +
    refused   !         =         !           !          !           !           !           !
    reserved  signed    refused   !           !          !           !           !           +
    signed    +         !         broadcast   included   !           !           abandoned   +
    broadcast +         !         =           included   =           !           abandoned   +
    included  !         !         =           =          broadcast   confirmed   !           +
    confirmed !         !         =           !          !           =           !           !
    reverted  !         !         =           !          !           =           !           !
    abandoned !         !         =           !          !           !           =           !
";

#[test]
fn what_a_state_does_not_allow_is_refused_and_changes_nothing() {
    let mut lines = MACHINE.lines().filter(|line| !line.trim().is_empty()).map(|line| line.split_whitespace());
    let events: Vec<_> = lines.next().unwrap().collect();
    let mut tried = 0;
    for mut line in lines {
        let state: PaymentState = line.next().unwrap().parse().unwrap();
        for (name, expected) in events.iter().zip(line) {
            try_one(state, name, expected);
            tried += 1;
        }
    }
    assert_eq!(tried, PaymentState::ALL.len() * events.len());
}

fn try_one(state: PaymentState, name: &str, expected: &str) {
    let mut book = journal();
    let payment = standing(&mut book, "a", state, 1);
    let before = told(&book);
    let result = match name {
        "sign" => {
            let nonce =
                payment.nonce.unwrap_or_else(|| book.sender(payment.intent.sender).unwrap().unwrap().next_nonce);
            book.sign(payment.id, &transaction(nonce, 2))
        }
        name => book.payment_event(payment.id, &an_event(name), at(90)),
    };
    let case = format!("{name} of a {state} payment");
    match expected {
        "!" => {
            let error = refusal(result);
            let change = if name == "sign" { "signed" } else { an_event(name).as_str() };
            assert_eq!(error, EntryError::PaymentState { payment: payment.id, state, change }, "{case}");
            assert_eq!(told(&book), before, "{case}");
            assert!(error.to_string().starts_with(&format!("payment {} is {state}", payment.id)), "{error}");
        }
        "=" => {
            assert_eq!(result.unwrap(), payment, "{case}");
            assert_eq!(told(&book), before, "{case}");
        }
        "+" => {
            let after = result.unwrap();
            assert_eq!((after.state, after.changed), (state, payment.changed), "{case}");
            assert_ne!(told(&book), before, "{case}");
        }
        leads_to => {
            let after = result.unwrap();
            assert_eq!(after.state.as_str(), leads_to, "{case}");
            let when = if name == "sign" { at(2) } else { at(90) };
            assert_eq!(after.changed, when, "{case}");
            assert_eq!(book.payment(payment.id).unwrap().unwrap(), after, "{case}");
        }
    }
}

fn an_event(name: &str) -> PaymentEvent {
    match name {
        "refused" => refused_because("too dear"),
        "broadcast" => PaymentEvent::Broadcast,
        "included" => PaymentEvent::Included(inclusion(1, 8)),
        "uncovered" => PaymentEvent::Uncovered,
        "settled" => settled(),
        "abandoned" => abandoned_because("0x88 has its nonce"),
        "undecided" => PaymentEvent::Undecided(Some("the node is silent".to_owned())),
        other => panic!("{other}"),
    }
}

#[test]
fn only_an_intended_payment_is_reserved() {
    for state in PaymentState::ALL {
        let mut book = journal();
        let payment = standing(&mut book, "a", state, 1);
        let before = told(&book);
        match reserve(&mut book, payment.id, &reservation(9)) {
            Ok(reserved) => assert_eq!((state, reserved.state), (PaymentState::Intended, PaymentState::Reserved)),
            Err(barred) => {
                assert_eq!(barred, Barred::NotIntended(state));
                assert_eq!(told(&book), before, "{state}");
            }
        }
    }
}

#[test]
fn what_is_not_there_is_said_so() {
    let mut book = journal();
    for id in [1, u64::MAX] {
        assert_eq!(refusal(book.reserve(id, &reservation(0))), EntryError::UnknownPayment(id));
        assert_eq!(refusal(book.sign(id, &transaction(0, 1))), EntryError::UnknownPayment(id));
        assert_eq!(refusal(book.payment_event(id, &settled(), at(0))), EntryError::UnknownPayment(id));
        assert_eq!(book.payment(id).unwrap(), None);
        assert!(book.payment_transactions(id).unwrap().is_empty());
    }
}

#[test]
fn a_payment_tells_what_was_noted_of_it() {
    let mut book = journal();
    let payment = standing(&mut book, "a", PaymentState::Included, 1);
    let reserved = payment.reserved.clone().unwrap();
    let asked = reservation(0);
    assert_eq!((reserved.at, reserved.to, reserved.value, reserved.block), (at(0), asked.to, asked.value, 5));
    assert_eq!((&reserved.data, reserved.amount, reserved.max_fee), (&asked.data, asked.amount, asked.max_fee));
    assert_eq!((reserved.reason, &payment.intent), (asked.reason, &intent("a")));
    assert_eq!((payment.nonce, payment.transactions, payment.hash), (Some(0), 1, Some(transaction(0, 1).hash)));
    assert_eq!(payment.included, Some(inclusion(1, 8)));

    let moved = PaymentEvent::Included(inclusion(1, 9));
    let elsewhere = book.payment_event(payment.id, &moved, at(90)).unwrap();
    assert_eq!((elsewhere.included, elsewhere.changed), (Some(inclusion(1, 9)), payment.changed));
    let uncovered = book.payment_event(payment.id, &PaymentEvent::Uncovered, at(91)).unwrap();
    assert_eq!((uncovered.included, uncovered.state), (None, PaymentState::Broadcast));
    let failed = Inclusion { success: false, ..inclusion(1, 10) };
    book.payment_event(payment.id, &PaymentEvent::Included(failed), at(92)).unwrap();
    let why = PaymentEvent::Settled { reason: Some("out of gas".to_owned()) };
    let reverted = book.payment_event(payment.id, &why, at(93)).unwrap();
    assert_eq!((reverted.state, reverted.reason.as_deref()), (PaymentState::Reverted, Some("out of gas")));
    assert!(reverted.reserved.is_some(), "what it was for is still told");

    let confirmed = standing(&mut book, "b", PaymentState::Confirmed, 2);
    assert_eq!(confirmed.reason, None);
}

#[test]
fn a_doubt_keeps_its_time_and_goes_when_the_chain_answers() {
    let mut book = journal();
    let id = standing(&mut book, "a", PaymentState::Broadcast, 1).id;
    let doubt = |why: &str| PaymentEvent::Undecided(Some(why.to_owned()));
    book.payment_event(id, &doubt("silent"), at(90)).unwrap();
    let again = book.payment_event(id, &doubt("still silent"), at(95)).unwrap();
    assert_eq!(again.undecided, Some((at(90), "still silent".to_owned())));
    let sent = book.payment_event(id, &PaymentEvent::Broadcast, at(96)).unwrap();
    assert_eq!(sent, again, "a node that is handed the bytes again tells nothing of their fate");
    let decided = book.payment_event(id, &PaymentEvent::Included(inclusion(1, 8)), at(97)).unwrap();
    assert_eq!(decided.undecided, None);
    book.payment_event(id, &doubt("lost again"), at(98)).unwrap();
    assert_eq!(book.payment_event(id, &PaymentEvent::Undecided(None), at(99)).unwrap().undecided, None);
    book.payment_event(id, &doubt("lost again"), at(98)).unwrap();
    assert_eq!(book.payment_event(id, &settled(), at(99)).unwrap().undecided, None);
}

#[test]
fn only_its_own_transaction_can_be_in_a_block() {
    let mut book = journal();
    let first = standing(&mut book, "a", PaymentState::Broadcast, 1);
    let second = standing(&mut book, "b", PaymentState::Broadcast, 2);
    let before = told(&book);
    for number in [2, 99] {
        let foreign = book.payment_event(first.id, &PaymentEvent::Included(inclusion(number, 8)), at(90));
        let expected = EntryError::UnknownTransaction { payment: first.id, hash: inclusion(number, 8).hash };
        assert_eq!(refusal(foreign), expected);
    }
    assert_eq!(told(&book), before);
    book.sign(second.id, &transaction(1, 3)).unwrap();
    for number in [2, 3] {
        let included = book.payment_event(second.id, &PaymentEvent::Included(inclusion(number, 8)), at(90)).unwrap();
        assert_eq!(included.included.unwrap().hash, transaction(1, number).hash, "either of them can be");
    }
}

#[test]
fn a_refused_payment_holds_nothing() {
    let mut book = journal();
    let reserved = standing(&mut book, "a", PaymentState::Reserved, 1);
    let refused = book.payment_event(reserved.id, &refused_because("too dear"), at(90)).unwrap();
    assert_eq!((refused.reserved, refused.reason.as_deref()), (None, Some("too dear")));
    let again = book.payment_event(reserved.id, &refused_because("another reason"), at(95)).unwrap();
    assert_eq!((again.reason.as_deref(), again.changed), (Some("too dear"), at(90)), "the first stands");
    intend(&mut book, &intent("a"));
    assert_eq!(book.payment(reserved.id).unwrap().unwrap().reason, None);
}
