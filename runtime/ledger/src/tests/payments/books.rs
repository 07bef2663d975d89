//! What the journal says of an account as a whole: what left it, what is counted, and who may pay from it.

use alloy_primitives::U256;
use watchkeeper_model::{Digest, PaymentState};

use super::{
    account, at, event, funder, inclusion, intend, intent, job, journal, reservation, reserve, sender, settled, sign,
    standing, wei,
};
use crate::{Approval, Balanced, Inclusion, Intent, PaymentEvent, PaymentTotal, Reservation, WantedApproval};

#[test]
fn what_left_is_the_fees_of_all_and_the_values_of_those_that_succeeded() {
    let mut book = journal();
    assert_eq!(book.outflow(funder(), 0, u64::MAX).unwrap(), U256::ZERO);
    for (number, block, success) in [(1, 8, true), (2, 9, false), (3, 10, true), (4, 12, true)] {
        let id = intend(&mut book, &intent(&format!("key {number}"))).id;
        reserve(&mut book, id, &Reservation { value: wei(u64::from(number) * 1_000), ..reservation(0) }).unwrap();
        sign(&mut book, id, number);
        let found = Inclusion { success, fee: wei(number.into()), ..inclusion(number, block) };
        event(&mut book, id, &PaymentEvent::Included(found));
        if number != 3 {
            event(&mut book, id, &settled());
        }
    }
    standing(&mut book, "open", PaymentState::Broadcast, 5);
    let left = |after, up_to| book.outflow(funder(), after, up_to).unwrap();
    assert_eq!(left(0, u64::MAX), wei(8_010));
    assert_eq!(left(7, 8), wei(1_001));
    assert_eq!(left(8, 9), wei(2), "of what failed, the fee");
    assert_eq!(left(9, 11), wei(3_003), "also before it is confirmed");
    assert_eq!(left(12, 12), U256::ZERO);
    assert_eq!(left(12, 8), U256::ZERO);

    let third = book.payment_by_key(funder(), &job("topup"), "key 3").unwrap().unwrap().id;
    event(&mut book, third, &PaymentEvent::Uncovered);
    assert_eq!(book.outflow(funder(), 9, 11).unwrap(), U256::ZERO, "no block has it any more");
}

#[test]
fn books_are_balanced_where_they_were_last() {
    let mut book = journal();
    assert_eq!(book.balanced(funder()).unwrap(), None);
    standing(&mut book, "a", PaymentState::Intended, 1);
    assert_eq!(book.balanced(funder()).unwrap(), None);
    for (block, balance) in [(8, U256::MAX), (7, U256::ZERO)] {
        let balanced = Balanced { block, balance };
        book.balance(funder(), balanced).unwrap();
        assert_eq!(book.balanced(funder()).unwrap(), Some(balanced));
    }
    book.balance(sender(2), Balanced { block: 1, balance: wei(1) }).unwrap();
    let known = book.sender(sender(2)).unwrap().unwrap();
    assert_eq!((known.next_nonce, known.highest_block, known.in_flight), (0, 0, 0));
}

#[test]
fn totals_follow_each_change_of_a_state() {
    let mut book = journal();
    for (number, state) in (1..).zip(PaymentState::ALL) {
        standing(&mut book, state.as_str(), state, number);
    }
    let other = Intent { account: account("other"), sender: sender(2), ..intent("other") };
    intend(&mut book, &other);
    let of = |name: &str| book.payment_totals(Some(&account(name))).unwrap();
    let counted: Vec<_> = of("funder").into_iter().map(|total| (total.state, total.count, total.amount)).collect();
    let mut expected: Vec<_> = PaymentState::ALL
        .into_iter()
        .map(|state| (state, 1, if state <= PaymentState::Refused { U256::ZERO } else { wei(10) }))
        .collect();
    expected.sort_by_key(|(state, ..)| state.as_str());
    assert_eq!(counted, expected);

    intend(&mut book, &Intent { account: account("other"), ..intent("refused") });
    let (job, asset, amount) = (job("topup"), "USDC".to_owned(), U256::ZERO);
    let (account, state) = (account("other"), PaymentState::Intended);
    let both = PaymentTotal { account, job, asset, state, count: 2, amount };
    assert_eq!(
        book.payment_totals(Some(&both.account)).unwrap(),
        [both],
        "what asks anew counts for the account's new name"
    );
    let refused = book.payment_totals(None).unwrap().into_iter().find(|total| total.state == PaymentState::Refused);
    assert_eq!(refused.unwrap().count, 0);
}

#[test]
fn a_component_is_approved_for_one_job_and_account() {
    let mut book = journal();
    let digest = |number| Digest::new([number; 32]);
    let approval = |number| {
        let (account, job, by) = (account("funder"), job("topup"), "ann".to_owned());
        Approval { account, job, digest: digest(number), by, at: at(number.into()) }
    };
    let wanted = |number| {
        let (account, job) = (account("funder"), job("topup"));
        WantedApproval { account, job, digest: digest(number), at: at(number.into()) }
    };
    let found = |book: &crate::Book| book.approval(&account("funder"), &job("topup")).unwrap();
    assert_eq!(found(&book), None);
    book.approve(&approval(1)).unwrap();
    assert_eq!(found(&book), Some(approval(1)));
    assert_eq!(book.approval(&account("funder"), &job("other")).unwrap(), None);
    assert_eq!(book.approval(&account("other"), &job("topup")).unwrap(), None);

    let want = |book: &mut crate::Book, number: u8| {
        book.want_approval(&account("funder"), &job("topup"), digest(number), at(number.into())).unwrap();
        book.wanted_approvals().unwrap()
    };
    assert_eq!(want(&mut book, 1), [], "it has it");
    assert_eq!(want(&mut book, 2), [wanted(2)]);
    assert_eq!(want(&mut book, 3), [wanted(3)], "the last one that asked");
    book.approve(&approval(2)).unwrap();
    assert_eq!((found(&book), book.wanted_approvals().unwrap()), (Some(approval(2)), vec![wanted(3)]));
    book.approve(&approval(3)).unwrap();
    assert_eq!((found(&book), book.wanted_approvals().unwrap()), (Some(approval(3)), vec![]));
}
