//! `payments`, `payments show`, `payments stop` and `payments resume`: what was paid, and whether anything is.

use watchkeeper_model::{AccountName, JobName, PaymentState};
use watchkeeper_web::api::{
    Acted, Limit, Note, PaymentDetail, PaymentPage, PaymentQuery, PaymentSummary, TransactionInfo,
};

use super::{act::print, job};
use crate::{
    Api, ClientError, Format, Screen,
    show::{Cell, Table, Tone, of_payment, time},
};

pub(super) fn list(
    account: Option<AccountName>,
    job: Option<JobName>,
    state: Option<PaymentState>,
    limit: Limit,
    api: &Api,
    screen: &mut Screen<'_>,
) -> Result<(), ClientError> {
    let query = PaymentQuery { account, job, state, limit: Some(limit), ..PaymentQuery::default() };
    let page: PaymentPage = api.get(&["payments"], &query)?;
    if screen.format() == Format::Json {
        return screen.json(&page);
    }
    if page.payments.is_empty() {
        // A name that was misspelt has no payments either.
        query.job.as_ref().map(|job| job::fetch(job, api)).transpose()?;
        return screen.note("there is no such payment");
    }
    let mut table =
        Table::list(&["PAYMENT", "CHANGED", "STATE", "ACCOUNT", "JOB", "AMOUNT", "FEE", "RUN", "FOR", "WHY"]);
    for payment in &page.payments {
        table.row(row(payment));
    }
    screen.table(&table)?;
    match page.next {
        Some(_) => screen.note("there are more: --limit shows up to 500, --account, --job and --state choose"),
        None => Ok(()),
    }
}

pub(super) fn show(id: u64, api: &Api, screen: &mut Screen<'_>) -> Result<(), ClientError> {
    let detail: PaymentDetail = api.get(&["payments", &id.to_string()], &())?;
    if screen.format() == Format::Json {
        return screen.json(&detail);
    }
    screen.table(&facts(&detail))?;
    if detail.transactions.is_empty() {
        return Ok(());
    }
    screen.text("\n")?;
    screen.table(&transactions(&detail.transactions))
}

pub(super) fn stop(note: Option<String>, api: &Api, screen: &mut Screen<'_>) -> Result<(), ClientError> {
    let acted: Acted = api.post(&["payments", "stop"], &Note { note })?;
    print(&acted, screen)
}

pub(super) fn resume(note: Option<String>, api: &Api, screen: &mut Screen<'_>) -> Result<(), ClientError> {
    let acted: Acted = api.post(&["payments", "resume"], &Note { note })?;
    print(&acted, screen)
}

fn row(payment: &PaymentSummary) -> Vec<Cell> {
    vec![
        payment.id.to_string().into(),
        time(payment.changed).into(),
        of_payment(payment.state, payment.undecided.is_some()),
        payment.account.as_str().into(),
        payment.job.as_str().into(),
        payment.amount.as_ref().map_or("-", |amount| amount.text.as_str()).into(),
        payment.fee.as_ref().map_or("-", |fee| fee.text.as_str()).into(),
        payment.run.to_string().into(),
        payment.target.as_str().into(),
        why(payment).into(),
    ]
}

/// What is to be said about where it stands.
fn why(payment: &PaymentSummary) -> &str {
    let undecided = payment.undecided.as_ref().map(|undecided| undecided.why.as_str());
    undecided.or(payment.reason.as_deref()).unwrap_or_default()
}

fn facts(PaymentDetail { payment, address, reserved, .. }: &PaymentDetail) -> Table {
    let mut facts = Table::facts();
    facts.fact("payment", payment.id.to_string());
    facts.fact("state", of_payment(payment.state, false));
    if let Some(undecided) = &payment.undecided {
        facts.fact("undecided", Cell::new(format!("since {}: {}", time(undecided.since), undecided.why), Tone::Odd));
    }
    if let Some(reason) = &payment.reason {
        facts.fact("reason", reason.as_str());
    }
    facts.fact("account", format!("{} ({address} on chain id {})", payment.account, payment.chain_id));
    facts.fact("for", payment.target.as_str());
    facts.fact("asked for", payment.asked.text.as_str());
    facts.fact("amount", payment.amount.as_ref().map_or("-", |amount| amount.text.as_str()));
    facts.fact("fee", payment.fee.as_ref().map_or("-", |fee| fee.text.as_str()));
    facts.fact("asked by", format!("{} in run {}", payment.job, payment.run));
    facts.fact("key", payment.key.as_str());
    facts.fact("asked", time(payment.asked_at));
    if let Some(reserved) = reserved {
        facts.fact("reserved", time(reserved.at));
        facts.fact("because", reserved.reason.as_str());
        facts.fact("read at", format!("block {}", reserved.block));
        facts.fact("recipient", reserved.to.as_str());
        facts.fact("value", reserved.value.text.as_str());
        facts.fact("data", reserved.data.as_str());
        facts.fact("highest fee", reserved.max_fee.text.as_str());
    }
    facts.fact("changed", time(payment.changed));
    facts
}

fn transactions(transactions: &[TransactionInfo]) -> Table {
    let mut table = Table::list(&["NONCE", "SIGNED", "BLOCK", "RESULT", "TRANSACTION"]);
    for transaction in transactions {
        let result = match &transaction.included {
            Some(inclusion) if inclusion.success => Cell::new("paid", Tone::Good),
            Some(_) => Cell::new("reverted", Tone::Bad),
            None => Cell::new("-", Tone::Plain),
        };
        table.row(vec![
            transaction.nonce.to_string().into(),
            time(transaction.signed).into(),
            transaction
                .included
                .as_ref()
                .map_or_else(|| "-".to_owned(), |inclusion| inclusion.block.to_string())
                .into(),
            result,
            transaction.hash.as_str().into(),
        ]);
    }
    table
}
