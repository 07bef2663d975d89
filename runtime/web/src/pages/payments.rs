//! Lists of payments: `/payments`, and the tables on other pages.

use jiff::Timestamp;
use watchkeeper_model::PaymentState;

use super::{
    figures,
    html::{Html, clip},
    shell::{Shell, Tab},
    words,
};
use crate::{
    Viewer,
    api::{PaymentPage, PaymentQuery, PaymentSummary},
};

/// The most characters of a target, a reason in a row.
const CHARACTERS: usize = 200;

/// What a table of payments has besides state, amount, fee, target, time and reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    Account,
    Origin,
}

/// `/payments`, with the query of the API's list.
pub(crate) fn payments(payments: &PaymentPage, query: &PaymentQuery, now: Timestamp, viewer: &Viewer) -> String {
    Shell::live(viewer, Tab::Accounts, "Payments", now).render(|page| {
        page.raw("<nav aria-label=\"Breadcrumb\"><a href=\"/accounts\">Accounts</a> /</nav><h1>Payments</h1>\n");
        filter(page, query);
        page.raw("<section class=\"card\" aria-label=\"Payments\">");
        table(page, &payments.payments, now, &[Column::Account, Column::Origin]);
        page.raw("</section>");
        if let Some(next) = payments.next {
            page.raw("<p><a class=\"button\" href=\"/payments?before=").show(next);
            for (name, value) in pairs(query) {
                page.raw("&amp;").raw(name).raw("=").text(&value);
            }
            page.raw("\">Older payments</a></p>");
        }
    })
}

/// What the query asks for, but for the page.
fn pairs(query: &PaymentQuery) -> Vec<(&'static str, String)> {
    let pairs = [
        ("account", query.account.as_ref().map(ToString::to_string)),
        ("job", query.job.as_ref().map(ToString::to_string)),
        ("run", query.run.map(|run| run.to_string())),
        ("state", query.state.map(|state| state.to_string())),
        ("limit", query.limit.map(|limit| limit.get().to_string())),
    ];
    pairs.into_iter().filter_map(|(name, value)| value.map(|value| (name, value))).collect()
}

fn filter(page: &mut Html, query: &PaymentQuery) {
    page.raw("<form class=\"tools\" role=\"search\" method=\"get\" action=\"/payments\">");
    page.raw("<div class=\"field\"><label for=\"account\">Account</label>");
    page.raw("<input id=\"account\" name=\"account\" maxlength=\"63\" autocomplete=\"off\" value=\"");
    page.text(query.account.as_ref().map_or("", |account| account.as_str())).raw("\"></div>");
    page.raw("<div class=\"field\"><label for=\"job\">Job</label>");
    page.raw("<input id=\"job\" name=\"job\" maxlength=\"63\" autocomplete=\"off\" value=\"");
    page.text(query.job.as_ref().map_or("", |job| job.as_str())).raw("\"></div>");
    page.raw("<div class=\"field\"><label for=\"state\">State</label><select id=\"state\" name=\"state\">");
    page.raw("<option value=\"\"").raw(if query.state.is_none() { " selected>any</option>" } else { ">any</option>" });
    for state in PaymentState::ALL {
        page.raw("<option value=\"").raw(state.as_str());
        page.raw(if query.state == Some(state) { "\" selected>" } else { "\">" });
        page.raw(words::payment(state).text).raw("</option>");
    }
    page.raw("</select></div><button>Show</button></form>\n");
}

/// A table of payments in the order given.
pub(super) fn table(page: &mut Html, payments: &[PaymentSummary], now: Timestamp, columns: &[Column]) {
    if payments.is_empty() {
        page.raw("<p>None.</p>");
        return;
    }
    page.raw("<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"Table of payments\"><table class=\"stack\"><thead><tr>");
    let heads = [
        (true, "Payment"),
        (columns.contains(&Column::Account), "Account"),
        (true, "Amount"),
        (columns.contains(&Column::Origin), "Asked by"),
        (true, "Changed"),
        (true, "For"),
    ];
    for (_, head) in heads.into_iter().filter(|(shown, _)| *shown) {
        page.raw("<th scope=\"col\">").raw(head).raw("</th>");
    }
    page.raw("</tr></thead><tbody>\n");
    for payment in payments {
        row(page, payment, now, columns);
    }
    page.raw("</tbody></table></div>");
}

fn row(page: &mut Html, payment: &PaymentSummary, now: Timestamp, columns: &[Column]) {
    page.raw("<tr><th scope=\"row\"><a class=\"quiet\" href=\"/payments/").show(payment.id).raw("\">");
    state(page, payment);
    page.raw("</a><span class=\"under\">").show(payment.id).raw("</span></th>");
    if columns.contains(&Column::Account) {
        page.raw("<td class=\"long\"><a href=\"/accounts#a-").text(payment.account.as_str()).raw("\">");
        page.text(payment.account.as_str()).raw("</a></td>");
    }
    page.raw("<td class=\"long\">").text(&clip(&payment.amount.as_ref().unwrap_or(&payment.asked).text, CHARACTERS));
    if payment.amount.is_none() {
        page.raw("<span class=\"under\">asked for</span>");
    }
    if let Some(fee) = &payment.fee {
        page.raw("<span class=\"under\">fee ").text(&clip(&fee.text, CHARACTERS)).raw("</span>");
    }
    page.raw("</td>");
    if columns.contains(&Column::Origin) {
        page.raw("<td class=\"long\">");
        origin(page, payment);
        page.raw("</td>");
    }
    page.raw("<td>");
    figures::moment_short(page, payment.changed, now);
    page.raw("</td><td class=\"says long\"><code>").text(&clip(&payment.target, CHARACTERS)).raw("</code>");
    if let Some(reason) = &payment.reason {
        page.raw("<span class=\"under\">").text(&clip(reason, CHARACTERS)).raw("</span>");
    }
    page.raw("</td></tr>\n");
}

/// Where a payment stands, and that its fate can't be told where that is so.
pub(super) fn state(page: &mut Html, payment: &PaymentSummary) {
    words::payment(payment.state).draw(page);
    if payment.undecided.is_some() {
        page.raw(" ");
        words::UNDECIDED.draw(page);
    }
}

/// The job and the run that asked for it.
pub(super) fn origin(page: &mut Html, payment: &PaymentSummary) {
    page.raw("<a href=\"/jobs/").text(payment.job.as_str()).raw("\">").text(payment.job.as_str());
    page.raw("</a> <a href=\"/runs/").show(payment.run).raw("\">run</a>");
}
