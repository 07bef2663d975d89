//! What bars a reservation, each alone and in its order.

use alloy_primitives::U256;
use jiff::SignedDuration;
use watchkeeper_model::{PaymentState, Window};

use super::{
    abandoned_because, at, cap, event, funder, inclusion, intend, intent, job, journal, refusal, refused_because,
    reservation, reserve, sender, settled, sign, standing, told, transaction, wei,
};
use crate::{Barred, Book, Cap, EntryError, Inclusion, Intent, PaymentEvent, PaymentId, Reservation, StoppedPayments};

fn stop(book: &mut Book) {
    let (by, note, at) = ("ann".to_owned(), "drill".to_owned(), at(0));
    book.stop_payments(Some(&StoppedPayments { by, note, at })).unwrap();
}

fn stopped() -> Barred {
    Barred::Stopped { by: "ann".to_owned(), note: "drill".to_owned() }
}

/// Another payment to the target of key `a`.
fn to_a(book: &mut Book, key: &str) -> PaymentId {
    intend(book, &Intent { target: intent("a").target, ..intent(key) }).id
}

#[test]
fn what_bars_is_told_in_its_order() {
    let mut book = journal();
    let all = |second| Reservation {
        block: 4,
        min_interval: SignedDuration::from_mins(10),
        caps: vec![cap(Window::Lifetime, 19)],
        ..reservation(second)
    };
    let first = standing(&mut book, "a", PaymentState::Included, 1).id;
    let second = to_a(&mut book, "b");
    stop(&mut book);
    assert_eq!(reserve(&mut book, first, &all(0)), Err(stopped()));
    assert_eq!(reserve(&mut book, second, &all(0)), Err(stopped()));
    book.stop_payments(None).unwrap();
    assert_eq!(reserve(&mut book, first, &all(0)), Err(Barred::NotIntended(PaymentState::Included)));
    let in_flight = Barred::InFlight { other: first, state: PaymentState::Included };
    assert_eq!(reserve(&mut book, second, &all(0)), Err(in_flight));
    event(&mut book, first, &settled());
    let too_soon = Barred::TooSoon { last: at(0), next: at(600) };
    assert_eq!(reserve(&mut book, second, &all(599)), Err(too_soon));
    assert_eq!(reserve(&mut book, second, &all(600)), Err(Barred::OldBlock { block: 4, seen: 5 }));
    let (window, left, limit) = (Window::Lifetime, wei(9), wei(19));
    let over = Barred::OverCap { of_job: false, window, left, limit };
    assert_eq!(reserve(&mut book, second, &Reservation { block: 5, ..all(600) }), Err(over));
    let fits = Reservation { block: 5, amount: wei(9), ..all(600) };
    assert_eq!(reserve(&mut book, second, &fits).unwrap().reserved.unwrap().at, at(600));
}

#[test]
fn one_payment_to_a_target_is_in_flight() {
    for state in PaymentState::ALL {
        let mut book = journal();
        let first = standing(&mut book, "a", state, 1).id;
        let second = to_a(&mut book, "b");
        let reserved = reserve(&mut book, second, &reservation(0));
        if state.is_in_flight() {
            assert_eq!(reserved, Err(Barred::InFlight { other: first, state }));
        } else {
            assert_eq!(reserved.unwrap().state, PaymentState::Reserved, "{state}");
        }
        let other = intend(&mut book, &Intent { sender: sender(2), target: intent("a").target, ..intent("c") }).id;
        assert!(reserve(&mut book, other, &reservation(0)).is_ok(), "another account is not held up");
    }
}

#[test]
fn a_reorganisation_holds_the_target_again() {
    let mut book = journal();
    let first = standing(&mut book, "a", PaymentState::Included, 1).id;
    let second = to_a(&mut book, "b");
    event(&mut book, first, &PaymentEvent::Uncovered);
    let in_flight = Barred::InFlight { other: first, state: PaymentState::Broadcast };
    assert_eq!(reserve(&mut book, second, &reservation(0)), Err(in_flight));
}

#[test]
fn what_was_given_back_does_not_hold_up_the_next() {
    let waits = Reservation { min_interval: SignedDuration::from_mins(10), ..reservation(1) };
    for state in [PaymentState::Refused, PaymentState::Reverted, PaymentState::Abandoned] {
        let mut book = journal();
        standing(&mut book, "a", state, 1);
        let second = to_a(&mut book, "b");
        assert!(reserve(&mut book, second, &waits).is_ok(), "{state}");
    }
    let mut book = journal();
    standing(&mut book, "a", PaymentState::Confirmed, 1);
    let given_back = to_a(&mut book, "b");
    reserve(&mut book, given_back, &reservation(300)).unwrap();
    event(&mut book, given_back, &refused_because("too dear"));
    let third = to_a(&mut book, "c");
    let again = Reservation { now: at(301), ..waits };
    assert_eq!(reserve(&mut book, third, &again), Err(Barred::TooSoon { last: at(0), next: at(600) }));
}

#[test]
fn a_block_may_be_seen_again_and_not_an_older_one() {
    let mut book = journal();
    let at_block = |book: &mut Book, key: &str, block| {
        let id = intend(book, &intent(key)).id;
        reserve(book, id, &Reservation { block, ..reservation(0) }).map(drop)
    };
    assert_eq!(at_block(&mut book, "a", 5), Ok(()));
    assert_eq!(at_block(&mut book, "b", 5), Ok(()));
    assert_eq!(at_block(&mut book, "c", 4), Err(Barred::OldBlock { block: 4, seen: 5 }));
    assert_eq!(book.sender(funder()).unwrap().unwrap().highest_block, 5);

    let id = intend(&mut book, &intent("d")).id;
    let nothing = Reservation { block: 7, caps: vec![cap(Window::Day, 0)], ..reservation(0) };
    assert!(reserve(&mut book, id, &nothing).is_err());
    assert_eq!(at_block(&mut book, "e", 6), Err(Barred::OldBlock { block: 6, seen: 7 }), "a cap doesn't hide a block");
    let id = intend(&mut book, &Intent { sender: sender(2), ..intent("f") }).id;
    assert!(reserve(&mut book, id, &Reservation { block: 1, ..reservation(0) }).is_ok(), "of another account");
}

#[test]
fn stopped_payments_get_no_first_signature_and_are_followed_to_their_end() {
    let mut book = journal();
    let signed = standing(&mut book, "a", PaymentState::Signed, 1).id;
    let reserved = standing(&mut book, "b", PaymentState::Reserved, 2).id;
    stop(&mut book);
    let before = told(&book);
    let (by, note) = ("ann".to_owned(), "drill".to_owned());
    let refused = refusal(book.sign(reserved, &transaction(1, 2)));
    assert_eq!(refused, EntryError::PaymentsStopped { payment: reserved, by, note });
    assert_eq!(told(&book), before);

    assert_eq!(book.sign(signed, &transaction(0, 3)).unwrap().transactions, 2);
    for happened in [PaymentEvent::Broadcast, PaymentEvent::Included(inclusion(3, 8)), settled()] {
        event(&mut book, signed, &happened);
    }
    let again = StoppedPayments { by: "bob".to_owned(), note: String::new(), at: at(7) };
    book.stop_payments(Some(&again)).unwrap();
    assert_eq!(book.stopped_payments().unwrap(), Some(again));
    book.stop_payments(None).unwrap();
    book.stop_payments(None).unwrap();
    assert_eq!(book.stopped_payments().unwrap(), None);
    sign(&mut book, reserved, 2);
}

#[test]
fn a_limit_of_zero_lets_nothing_through() {
    for window in Window::ALL {
        for of_job in [false, true] {
            let mut book = journal();
            let id = intend(&mut book, &intent("a")).id;
            for amount in [0, 1] {
                let caps = vec![Cap { of_job, ..cap(window, 0) }];
                let asked = Reservation { amount: wei(amount), caps, ..reservation(0) };
                let over = Barred::OverCap { of_job, window, left: U256::ZERO, limit: U256::ZERO };
                assert_eq!(reserve(&mut book, id, &asked), Err(over));
            }
        }
    }
}

#[test]
fn a_cap_is_reached_exactly() {
    for window in Window::ALL {
        let mut book = journal();
        let fits = intend(&mut book, &intent("a")).id;
        let exactly = Reservation { caps: vec![cap(window, 10)], ..reservation(0) };
        assert!(reserve(&mut book, fits, &exactly).is_ok(), "{window}");
        let id = intend(&mut book, &intent("b")).id;
        let one = Reservation { amount: wei(1), ..exactly };
        let over = Barred::OverCap { of_job: false, window, left: U256::ZERO, limit: wei(10) };
        let second = reserve(&mut book, id, &one);
        if window == Window::Payment {
            assert!(second.is_ok(), "each payment is alone");
        } else {
            assert_eq!(second, Err(over));
        }
    }
}

#[test]
fn a_job_has_its_own_share_of_the_account() {
    let mut book = journal();
    let caps = vec![cap(Window::Day, 30), Cap { of_job: true, ..cap(Window::Day, 15) }];
    let asked = Reservation { caps, ..reservation(0) };
    let mut ask = |name: &str, key: &str| {
        let id = intend(&mut book, &Intent { job: job(name), ..intent(key) }).id;
        reserve(&mut book, id, &asked).map(drop)
    };
    let over =
        |of_job, left, limit| Err(Barred::OverCap { of_job, window: Window::Day, left: wei(left), limit: wei(limit) });
    assert_eq!(ask("one", "a"), Ok(()));
    assert_eq!(ask("one", "b"), over(true, 5, 15));
    assert_eq!(ask("two", "c"), Ok(()));
    assert_eq!(ask("three", "d"), Ok(()));
    assert_eq!(ask("four", "e"), over(false, 0, 30));
}

#[test]
fn a_sum_that_passes_256_bits_is_an_error() {
    let mut book = journal();
    let first = intend(&mut book, &intent("a")).id;
    let most = Reservation { amount: U256::MAX, caps: vec![], ..reservation(0) };
    reserve(&mut book, first, &most).unwrap();
    let second = intend(&mut book, &intent("b")).id;
    let before = told(&book);
    let one = Reservation { amount: wei(1), ..most.clone() };
    assert_eq!(refusal(book.reserve(second, &one)), EntryError::Sum("what is reserved"));
    let capped = Reservation { caps: vec![Cap { of_job: true, window: Window::Day, limit: U256::MAX }], ..one };
    let (window, left, limit) = (Window::Day, U256::ZERO, U256::MAX);
    assert_eq!(told(&book), before);
    assert_eq!(reserve(&mut book, second, &capped), Err(Barred::OverCap { of_job: true, window, left, limit }));

    sign(&mut book, first, 1);
    event(&mut book, first, &abandoned_because("0x77 has its nonce"));
    reserve(&mut book, second, &most).unwrap();
    sign(&mut book, second, 2);
    let (success, fee) = (true, U256::MAX);
    event(&mut book, second, &PaymentEvent::Included(Inclusion { success, fee, ..inclusion(2, 8) }));
    assert_eq!(refusal(book.outflow(funder(), 0, 9)), EntryError::Sum("what left the account"));
}
