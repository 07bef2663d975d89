//! The accounts' page: whether anything is paid at all, what is wrong with an account, what it may still spend, and what it
//! paid last.

use std::collections::BTreeMap;

use jiff::Timestamp;
use watchkeeper_model::AccountName;

use super::{
    ask::{self, Question, Verb},
    figures,
    html::{Html, clip, counted, thousands},
    icon::Icon,
    payments::{self, Column},
    shell::{Shell, Tab},
};
use crate::{
    Viewer,
    api::{AccountInfo, Amount, BudgetInfo, PaymentSummary, PaymentsStop, Treasury},
};

/// The most characters of a problem, a note.
const CHARACTERS: usize = 10_000;

/// `/accounts`, with the last payments of each and the query `done`: what was just done.
pub(crate) fn accounts(
    treasury: &Treasury,
    recent: &BTreeMap<AccountName, Vec<PaymentSummary>>,
    done: Option<Verb>,
    viewer: &Viewer,
) -> String {
    let wrong = treasury.accounts.iter().filter(|account| account.is_wrong()).count();
    let title = match &treasury.stopped {
        Some(_) => "Payments are stopped".to_owned(),
        None if wrong == 0 => "Accounts".to_owned(),
        None => format!("{wrong} wrong"),
    };
    Shell::live(viewer, Tab::Accounts, &title, treasury.now).render(|page| {
        ask::done(page, done);
        if let Some(stopped) = &treasury.stopped {
            stop(page, stopped, treasury.now, viewer);
        }
        page.raw("<h1>Accounts</h1>\n");
        if treasury.accounts.is_empty() {
            page.raw("<p>No account is configured. Each <code>[accounts.NAME]</code> of <code>watchkeeper.toml</code> is one.</p>");
        } else if treasury.stopped.is_none() {
            buttons(page, viewer);
        }
        let (wrong, well): (Vec<_>, Vec<_>) = treasury.accounts.iter().partition(|account| account.is_wrong());
        for account in wrong.into_iter().chain(well) {
            card(page, account, recent.get(&account.name).map_or(&[], Vec::as_slice), treasury.now, viewer);
        }
        page.raw("<p><a href=\"/payments\">All payments</a>, also of accounts that are gone.</p>\n");
    })
}

/// That nothing is paid: above everything else.
fn stop(page: &mut Html, stopped: &PaymentsStop, now: Timestamp, viewer: &Viewer) {
    page.raw("<section class=\"banner bad all\"><h2>");
    Icon::Stop.draw(page);
    page.raw("All payments are stopped</h2><p>");
    match stopped.since {
        Some(since) => {
            page.raw("By ").text(&stopped.by).raw(", ");
            figures::moment(page, since, now);
            page.raw(". No payment of any account begins.</p>");
        }
        None => {
            page.raw("A file does it. They go on once it is removed.</p>");
        }
    }
    if let Some(note) = &stopped.note {
        page.raw("<p class=\"message\">").text(&clip(note, CHARACTERS)).raw("</p>");
    }
    if stopped.since.is_some() {
        page.raw("<div class=\"actions\">");
        if viewer.may_act() {
            ask::button(page, Icon::Run, &Question::ResumePayments.path(), "Resume payments");
        } else {
            page.raw("<a href=\"/login?next=/accounts\">Log in to resume them</a>");
        }
        page.raw("</div>");
    }
    page.raw("</section>\n");
}

fn buttons(page: &mut Html, viewer: &Viewer) {
    page.raw("<div class=\"actions\">");
    if viewer.may_act() {
        ask::button(page, Icon::Stop, &Question::StopPayments.path(), "Stop all payments");
    } else {
        page.raw("<a href=\"/login?next=/accounts\">Log in to stop payments</a>");
    }
    page.raw("</div>\n");
}

fn card(page: &mut Html, account: &AccountInfo, recent: &[PaymentSummary], now: Timestamp, viewer: &Viewer) {
    let name = account.name.as_str();
    page.raw("<section class=\"card\" id=\"a-").text(name).raw("\"><h2>").text(name);
    page.raw(" <span class=\"soft\">on ").text(&account.chain).raw(", chain id ").show(account.chain_id);
    page.raw("</span></h2>");
    problems(page, account, now, viewer);
    facts(page, account, now);
    budgets(page, account);
    page.raw("<h3>Last payments</h3>");
    payments::table(page, recent, now, &[Column::Origin]);
    page.raw("<p><a href=\"/payments?account=").text(name).raw("\">All payments of this account</a></p></section>\n");
}

/// What somebody has to look at.
fn problems(page: &mut Html, account: &AccountInfo, now: Timestamp, viewer: &Viewer) {
    if let Some(stopped) = &account.stopped {
        problem(page, Icon::Stop, "It pays nothing", stopped);
        adopt(page, account, viewer);
    }
    // Where that is why it stopped, it was said already.
    if let Some(unexplained) = account.unexplained.as_ref().filter(|why| account.stopped.as_ref() != Some(why)) {
        problem(page, Icon::Broken, "The chain shows what the journal doesn’t know", unexplained);
        adopt(page, account, viewer);
    }
    for wanted in &account.unapproved {
        page.raw("<div class=\"banner odd\"><h3>");
        Icon::Wait.draw(page);
        page.raw(" A component waits for an approval</h3><p>Job <a href=\"/jobs/").text(wanted.job.as_str());
        page.raw("\">").text(wanted.job.as_str()).raw("</a> may not pay until then. Its component is <code>");
        page.show(wanted.digest).raw("</code>.</p>");
        if viewer.may_act() {
            page.raw("<div class=\"actions\">");
            ask::button(page, Icon::Ok, &Question::Approve(&account.name, wanted).path(), "Approve");
            page.raw("</div>");
        }
        page.raw("</div>");
    }
    if !account.undecided.is_empty() {
        let count = u64::try_from(account.undecided.len()).unwrap_or(u64::MAX);
        page.raw("<div class=\"banner odd\"><h3>");
        Icon::Lost.draw(page);
        page.raw(" ").text(&counted(count, "payment is", "payments are")).raw(" undecided</h3>");
        payments::table(page, &account.undecided, now, &[Column::Origin]);
        page.raw("</div>");
    }
}

/// The way on, once somebody knows what it was; ends the banner.
fn adopt(page: &mut Html, account: &AccountInfo, viewer: &Viewer) {
    if viewer.may_act() {
        page.raw("<div class=\"actions\">");
        ask::button(page, Icon::Ok, &Question::Adopt(&account.name).path(), "Adopt");
        page.raw("</div>");
    }
    page.raw("</div>");
}

/// Leaves its banner open.
fn problem(page: &mut Html, icon: Icon, title: &'static str, text: &str) {
    page.raw("<div class=\"banner bad\"><h3>");
    icon.draw(page);
    page.raw(" ").raw(title).raw("</h3><p class=\"message\">").text(&clip(text, CHARACTERS)).raw("</p>");
}

fn facts(page: &mut Html, account: &AccountInfo, now: Timestamp) {
    page.raw("<dl class=\"facts\"><dt>Balance</dt><dd>");
    match &account.balance {
        Some(balance) => page.text(&balance.text),
        None => page.raw("<span class=\"soft\">unknown</span>"),
    };
    if let Some(block) = account.balance_block {
        page.raw(" at block ").text(&thousands(block));
    }
    if let Some(read) = account.balance_read {
        page.raw(", read ");
        figures::moment(page, read, now);
    }
    page.raw("</dd><dt>Address</dt><dd>");
    match &account.address {
        Some(address) => page.raw("<code>").text(address).raw("</code>"),
        None => page.raw("<span class=\"soft\">unknown: the signer didn’t tell it yet</span>"),
    };
    page.raw("</dd><dt>Signed by</dt><dd>").text(&account.signer);
    page.raw("</dd><dt>In flight</dt><dd>").text(&counted(account.in_flight, "payment", "payments")).raw("</dd></dl>");
}

fn budgets(page: &mut Html, account: &AccountInfo) {
    if account.budgets.is_empty() {
        return;
    }
    page.raw("<h3>May still be spent</h3><div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"Caps of ");
    page.text(account.name.as_str()).raw(
        "\"><table class=\"stack even\"><thead><tr><th scope=\"col\">Over</th><th scope=\"col\">Left</th>\
         <th scope=\"col\">Share</th></tr></thead><tbody>\n",
    );
    for budget in &account.budgets {
        page.raw("<tr><th scope=\"row\">").text(window(budget)).raw("</th><td>").text(&budget.left.text);
        page.raw(" of ").text(&budget.limit.text).raw("</td><td>");
        match share(budget) {
            Some(share) => {
                let percent = format!("{:.0} %", (share * 100.0).floor());
                page.raw("<meter value=\"").show(format_args!("{share:.4}")).raw("\" aria-label=\"").text(&percent);
                page.raw(" left\">").text(&percent).raw("</meter> ").text(&percent);
            }
            None => {
                page.raw("–");
            }
        }
        page.raw("</td></tr>\n");
    }
    page.raw("</tbody></table></div>");
}

fn window(budget: &BudgetInfo) -> &str {
    match &*budget.window {
        "payment" => "one payment",
        "24h" => "24 hours",
        "7d" => "7 days",
        "lifetime" => "all time",
        other => other,
    }
}

/// Which part of the cap is left: for a bar only, where a float will do.
fn share(budget: &BudgetInfo) -> Option<f64> {
    let number = |amount: &Amount| amount.smallest.as_ref()?.parse::<f64>().ok();
    let (left, limit) = (number(&budget.left)?, number(&budget.limit)?);
    (limit > 0.0).then(|| (left / limit).clamp(0.0, 1.0))
}
