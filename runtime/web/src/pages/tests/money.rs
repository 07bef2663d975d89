//! What the pages of accounts and payments say, and to whom.

use std::collections::BTreeMap;

use watchkeeper_model::{AccountName, PaymentState};

use super::{now, operator, reader, tags};
use crate::{
    api::{AccountInfo, Amount, PaymentDetail, PaymentQuery, PaymentSummary, PaymentsStop, Treasury},
    pages::{accounts, payment, payments, run},
    tests::samples,
};

/// An account with which everything is as it should be.
fn well(name: &str) -> AccountInfo {
    AccountInfo {
        name: AccountName::new(name).unwrap(),
        stopped: None,
        unexplained: None,
        unapproved: Vec::new(),
        undecided: Vec::new(),
        ..samples::treasury("x").accounts.remove(0)
    }
}

fn of(accounts: Vec<AccountInfo>) -> Treasury {
    Treasury { stopped: None, accounts, ..samples::treasury("x") }
}

fn page_of(treasury: &Treasury) -> String {
    accounts(treasury, &BTreeMap::new(), None, &operator("ops"))
}

/// Where the page's buttons lead, in its order.
fn buttons(page: &str) -> Vec<String> {
    let confirm = tags(page).into_iter().filter(|tag| tag.attribute("data-confirm").is_some());
    confirm.map(|tag| tag.attribute("href").unwrap().to_owned()).collect()
}

#[test]
fn what_is_wrong_comes_first() {
    let wrong = AccountInfo { unexplained: Some("two foreign transactions".into()), ..well("b") };
    let page = page_of(&of(vec![well("a"), wrong, well("c")]));
    let cards: Vec<_> = tags(&page).into_iter().filter_map(|tag| tag.attribute("id").map(str::to_owned)).collect();
    let cards: Vec<_> = cards.iter().filter_map(|id| id.strip_prefix("a-")).collect();
    assert_eq!(cards, ["b", "a", "c"]);
    assert!(page.contains("<title>1 wrong"), "{page}");
    assert!(page.find("two foreign transactions") < page.find("<h3>Last payments"), "{page}");
    assert!(page_of(&of(vec![well("a")])).contains("<title>Accounts"));
}

#[test]
fn why_an_account_stopped_is_said_once_with_the_way_on() {
    let why = Some("the chain has 19 transactions".into());
    let stopped = AccountInfo { stopped: why.clone(), unexplained: why, ..well("funder") };
    let page = page_of(&of(vec![stopped]));
    assert_eq!(page.matches("the chain has 19 transactions").count(), 1, "{page}");
    assert_eq!(buttons(&page), ["/payments/stop", "/accounts/funder/adopt"]);
}

#[test]
fn payments_are_stopped_and_resumed_by_whoever_may_act() {
    assert_eq!(buttons(&page_of(&of(vec![well("a")]))), ["/payments/stop"]);
    let stopped = Treasury { stopped: samples::treasury("a leak").stopped, ..of(vec![well("a")]) };
    let page = page_of(&stopped);
    assert_eq!(buttons(&page), ["/payments/resume"]);
    assert!(page.contains("All payments are stopped</h2>") && page.contains("a leak"), "{page}");
    assert!(page.find("All payments are stopped</h2>") < page.find("<h1>"), "above everything else");
    let by_file = PaymentsStop { since: None, by: "file".into(), note: Some("/var/lib/payments.stop".into()) };
    let page = page_of(&Treasury { stopped: Some(by_file), ..stopped.clone() });
    assert!(buttons(&page).is_empty(), "only the file's removal lets them go on");
    assert!(page.contains("/var/lib/payments.stop"));
    assert!(buttons(&accounts(&stopped, &BTreeMap::new(), None, &reader())).is_empty());
}

#[test]
fn a_component_that_waits_is_named_whole_and_can_be_approved() {
    let wanted = samples::unapproved();
    let page = page_of(&of(vec![AccountInfo { unapproved: vec![wanted.clone()], ..well("funder") }]));
    let digest = wanted.digest.to_string();
    assert!(page.contains(&format!("Its component is <code>{digest}</code>")), "{page}");
    let query = format!("job&#61;main-chain&#38;digest&#61;{digest}");
    assert_eq!(buttons(&page), ["/payments/stop", &format!("/accounts/funder/approve&#63;{query}")]);
}

#[test]
fn what_is_left_is_a_figure_and_a_bar_and_what_is_not_known_is_neither() {
    let page = page_of(&of(vec![well("a")]));
    let meter = tags(&page).into_iter().find(|tag| tag.name == "meter").unwrap();
    assert_eq!((meter.attribute("value"), meter.attribute("aria-label")), (Some("0.2500"), Some("25 &#37; left")));
    assert!(page.contains("24 hours") && page.contains("block 21,000,000"));
    let mut dark = AccountInfo { balance: None, balance_block: None, balance_read: None, address: None, ..well("a") };
    dark.budgets[0].left = Amount { text: "1 USDC".into(), smallest: None };
    let page = page_of(&of(vec![dark]));
    assert_eq!(page.matches("unknown").count(), 2, "balance and address: {page}");
    assert!(!page.contains("<meter"), "{page}");
}

#[test]
fn a_payment_shows_its_way_as_far_as_it_came() {
    let at = |state| {
        let detail = samples::payment("x");
        let detail = PaymentDetail { payment: PaymentSummary { state, ..detail.payment.clone() }, ..detail };
        payment(&detail, &reader())
    };
    let broadcast = at(PaymentState::Broadcast);
    assert!(broadcast.contains("included (not yet)"), "{broadcast}");
    assert_eq!(broadcast.matches("(not yet)").count(), 2, "{broadcast}");
    let confirmed = at(PaymentState::Confirmed);
    assert!(!confirmed.contains("(not yet)") && confirmed.contains("<li aria-current=\"step\">"), "{confirmed}");
    for (state, ahead) in [
        (PaymentState::Refused, 0),
        (PaymentState::Reverted, 0),
        (PaymentState::Abandoned, 0),
        (PaymentState::Signed, 3),
    ] {
        let page = at(state);
        assert_eq!(page.matches("(not yet)").count(), ahead, "{state}");
        assert!(page.contains(state.as_str()), "{state}");
    }
}

#[test]
fn a_payment_leads_to_its_run_and_a_run_to_its_payments() {
    let page = payment(&samples::payment("x"), &reader());
    assert!(page.contains(&format!("href=\"/runs/{}\"", samples::run_id(2))), "{page}");
    let of_run = run(&samples::run_detail("x"), None, &reader());
    assert!(of_run.contains("href=\"/payments/17\""), "{of_run}");
    let none = crate::api::RunDetail { payments: Vec::new(), ..samples::run_detail("x") };
    assert!(!run(&none, None, &reader()).contains("id=\"payments\""));
}

#[test]
fn older_payments_are_asked_for_with_the_same_filter() {
    let query = PaymentQuery {
        account: Some(samples::account_name()),
        state: Some(PaymentState::Refused),
        ..PaymentQuery::default()
    };
    let page = payments(&samples::payments("x"), &query, now(), &reader());
    assert!(page.contains("/payments?before=16&amp;account=funder&amp;state=refused"), "{page}");
    assert!(page.contains("<option value=\"refused\" selected>"));
    assert!(page.contains("asked for"), "of what was refused nothing is paid: {page}");
}
