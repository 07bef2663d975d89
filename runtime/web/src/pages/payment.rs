//! A payment's page: its way through the journal, what a chain has of it, and where it comes from.

use jiff::Timestamp;
use watchkeeper_model::PaymentState;

use super::{
    figures,
    html::{Html, hinted, thousands},
    icon::Icon,
    payments,
    shell::{Shell, Tab},
    words,
};
use crate::{
    Viewer,
    api::{PaymentDetail, ReservedInfo, TransactionInfo},
};

/// `/payments/ID`.
pub(crate) fn payment(detail: &PaymentDetail, viewer: &Viewer) -> String {
    let payment = &detail.payment;
    let title = format!("Payment {}", payment.id);
    let shell = Shell::live(viewer, Tab::Accounts, &title, detail.now);
    Shell { job: Some(&payment.job), ..shell }.render(|page| {
        page.raw("<nav aria-label=\"Breadcrumb\"><a href=\"/accounts\">Accounts</a> / <a href=\"/payments?account=");
        page.text(payment.account.as_str()).raw("\">").text(payment.account.as_str());
        page.raw("</a> /</nav><h1>Payment ").show(payment.id).raw(" ");
        payments::state(page, payment);
        page.raw("</h1>\n");
        if let Some(undecided) = &payment.undecided {
            page.raw("<section class=\"banner odd\"><h2>");
            Icon::Lost.draw(page);
            page.raw("Its fate can’t be told for now</h2><p class=\"message\">").text(&undecided.why);
            page.raw("</p><p>Since ");
            figures::moment(page, undecided.since, detail.now);
            page.raw(". No other payment to its target begins meanwhile.</p></section>\n");
        }
        if let Some(reason) = payment.reason.as_deref().filter(|reason| !reason.is_empty()) {
            page.raw("<p class=\"card message said\">").text(&hinted(reason)).raw("</p>\n");
        }
        page.raw("<div class=\"pair\">");
        way(page, detail);
        origin(page, detail);
        page.raw("</div>");
        if let Some(reserved) = &detail.reserved {
            decision(page, reserved);
        }
        transactions(page, detail);
    })
}

/// The states of its way in their order, each with when it was reached where that is kept.
fn way(page: &mut Html, detail: &PaymentDetail) {
    use PaymentState as State;
    let state = detail.payment.state;
    let states: &[State] = match state {
        State::Refused => &[State::Intended, State::Refused],
        State::Abandoned => &[State::Intended, State::Reserved, State::Signed, State::Abandoned],
        State::Reverted => {
            &[State::Intended, State::Reserved, State::Signed, State::Broadcast, State::Included, State::Reverted]
        }
        _ => &[State::Intended, State::Reserved, State::Signed, State::Broadcast, State::Included, State::Confirmed],
    };
    let here = states.iter().position(|step| *step == state);
    page.raw("<section class=\"card\" aria-labelledby=\"way\"><h2 id=\"way\">Its way</h2><ol class=\"plain\">");
    for (place, step) in states.iter().enumerate() {
        page.raw(if *step == state { "<li aria-current=\"step\">" } else { "<li>" });
        if here.is_some_and(|here| place <= here) {
            words::payment(*step).draw(page);
            if let Some(at) = reached(detail, *step) {
                page.raw(" ");
                figures::moment(page, at, detail.now);
            }
        } else {
            page.raw("<span class=\"soft\">").raw(words::payment(*step).text).raw(" (not yet)</span>");
        }
        page.raw("</li>");
    }
    page.raw("</ol></section>\n");
}

fn reached(detail: &PaymentDetail, step: PaymentState) -> Option<Timestamp> {
    if step == detail.payment.state {
        return Some(detail.payment.changed);
    }
    match step {
        PaymentState::Intended => Some(detail.payment.asked_at),
        PaymentState::Reserved => detail.reserved.as_ref().map(|reserved| reserved.at),
        PaymentState::Signed => detail.transactions.first().map(|transaction| transaction.signed),
        _ => None,
    }
}

fn origin(page: &mut Html, detail: &PaymentDetail) {
    let payment = &detail.payment;
    page.raw("<section class=\"card\"><h2>What is paid</h2><dl class=\"facts\"><dt>Amount</dt><dd>");
    match &payment.amount {
        Some(amount) => page.text(&amount.text),
        None => page.raw("<span class=\"soft\">nothing so far</span>"),
    };
    page.raw("</dd><dt>Asked for</dt><dd>").text(&payment.asked.text).raw("</dd><dt>Fee</dt><dd>");
    match &payment.fee {
        Some(fee) => page.text(&fee.text),
        None => page.raw("<span class=\"soft\">no block has it</span>"),
    };
    page.raw("</dd><dt>For</dt><dd><code>").text(&payment.target).raw("</code></dd><dt>From</dt><dd>");
    page.raw("<a href=\"/accounts#a-").text(payment.account.as_str()).raw("\">").text(payment.account.as_str());
    page.raw("</a> <code>").text(&detail.address).raw("</code> on chain id ").show(payment.chain_id);
    page.raw("</dd><dt>Asked by</dt><dd>");
    payments::origin(page, payment);
    page.raw("</dd><dt>Key</dt><dd><code>").text(&payment.key).raw("</code></dd></dl></section>\n");
}

fn decision(page: &mut Html, reserved: &ReservedInfo) {
    page.raw(
        "<section class=\"card\"><h2>What was decided</h2><dl class=\"facts\"><dt>Because</dt><dd class=\"message\">",
    );
    page.text(&reserved.reason).raw("</dd><dt>Read at</dt><dd>block ").text(&thousands(reserved.block));
    page.raw("</dd><dt>Recipient</dt><dd><code>").text(&reserved.to).raw("</code></dd><dt>Value</dt><dd>");
    page.text(&reserved.value.text).raw("</dd><dt>Data</dt><dd><code>").text(&reserved.data);
    page.raw("</code></dd><dt>Highest fee</dt><dd>").text(&reserved.max_fee.text).raw("</dd></dl></section>\n");
}

fn transactions(page: &mut Html, detail: &PaymentDetail) {
    page.raw("<section class=\"card\" aria-labelledby=\"transactions\"><h2 id=\"transactions\">Transactions</h2>");
    if detail.transactions.is_empty() {
        page.raw("<p>Nothing was signed.</p></section>\n");
        return;
    }
    page.raw(
        "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-labelledby=\"transactions\"><table class=\"stack\"><thead><tr>\
         <th scope=\"col\">Hash</th><th scope=\"col\">Nonce</th><th scope=\"col\">Signed</th><th scope=\"col\">Highest gas price, smallest unit</th>\
         <th scope=\"col\">Gas</th><th scope=\"col\">Block</th></tr></thead><tbody>\n",
    );
    for transaction in &detail.transactions {
        row(page, transaction, detail.now);
    }
    page.raw("</tbody></table></div></section>\n");
}

fn row(page: &mut Html, transaction: &TransactionInfo, now: Timestamp) {
    page.raw("<tr><th scope=\"row\" class=\"long\"><code>").text(&transaction.hash).raw("</code></th><td>");
    page.show(transaction.nonce).raw("</td><td>");
    figures::moment_short(page, transaction.signed, now);
    page.raw("</td><td class=\"long\">").text(&transaction.max_fee_per_gas);
    page.raw("</td><td>").text(&thousands(transaction.gas_limit)).raw("</td><td class=\"long\">");
    match &transaction.included {
        Some(inclusion) => {
            page.text(&thousands(inclusion.block)).raw(if inclusion.success { ", paid" } else { ", reverted" });
            page.raw(" <code class=\"under\">").text(&inclusion.block_hash).raw("</code>");
        }
        None => {
            page.raw("<span class=\"soft\">none</span>");
        }
    }
    page.raw("</td></tr>\n");
}
