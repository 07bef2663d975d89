//! `account list`, `account approve` and `account adopt`: what is paid from, and what has to be decided about it.

use watchkeeper_model::{AccountName, Digest, JobName};
use watchkeeper_web::api::{AccountInfo, Acted, ApprovePayments, Note, Treasury};

use super::act::print;
use crate::{
    Api, ClientError, Format, Screen,
    show::{Cell, Table, Tone, age, one_line, time},
};

pub(super) fn list(api: &Api, screen: &mut Screen<'_>) -> Result<(), ClientError> {
    let treasury = fetch(api)?;
    if screen.format() == Format::Json {
        return screen.json(&treasury);
    }
    for warning in warnings(&treasury) {
        screen.note(&warning)?;
    }
    if treasury.accounts.is_empty() {
        return screen.note("there are no accounts: each [accounts.NAME] of the server's watchkeeper.toml is one");
    }
    let mut table = Table::list(&["ACCOUNT", "STATE", "CHAIN", "BALANCE", "READ", "IN FLIGHT", "SIGNER", "ADDRESS"]);
    for account in &treasury.accounts {
        table.row(row(account, &treasury));
    }
    screen.table(&table)?;
    let mut caps = Table::list(&["ACCOUNT", "OVER", "LEFT", "OF"]);
    for (account, budget) in treasury.accounts.iter().flat_map(|it| it.budgets.iter().map(move |left| (it, left))) {
        let cells = [account.name.as_str(), &budget.window, &budget.left.text, &budget.limit.text];
        caps.row(cells.into_iter().map(Cell::from).collect());
    }
    if caps.is_empty() {
        return Ok(());
    }
    screen.text("\n")?;
    screen.table(&caps)
}

/// Without a digest: the one that waits.
pub(super) fn approve(
    account: &AccountName,
    job: JobName,
    digest: Option<Digest>,
    note: Option<String>,
    api: &Api,
    screen: &mut Screen<'_>,
) -> Result<(), ClientError> {
    let digest = match digest {
        Some(digest) => digest,
        None => waiting(account, &job, &fetch(api)?)?,
    };
    let acted: Acted = api.post(&["accounts", account.as_str(), "approve"], &ApprovePayments { job, digest, note })?;
    print(&acted, screen)
}

pub(super) fn adopt(
    account: &AccountName,
    note: Option<String>,
    api: &Api,
    screen: &mut Screen<'_>,
) -> Result<(), ClientError> {
    let acted: Acted = api.post(&["accounts", account.as_str(), "adopt"], &Note { note })?;
    print(&acted, screen)
}

fn fetch(api: &Api) -> Result<Treasury, ClientError> {
    api.get(&["accounts"], &())
}

/// The component of a job that waits for an approval.
fn waiting(account: &AccountName, job: &JobName, treasury: &Treasury) -> Result<Digest, ClientError> {
    let refused = |status, detail: String, hint: String| {
        Err(ClientError::Refused { status, detail: detail.into(), hint: Some(hint.into()) })
    };
    let Some(found) = treasury.accounts.iter().find(|known| known.name == *account) else {
        let names: Vec<_> = treasury.accounts.iter().map(|known| known.name.as_str()).collect();
        let hint =
            if names.is_empty() { "there are none".to_owned() } else { format!("there are {}", names.join(", ")) };
        return refused(404, format!("there is no account `{account}`"), hint);
    };
    let digests: Vec<Digest> =
        found.unapproved.iter().filter(|wanted| wanted.job == *job).map(|wanted| wanted.digest).collect();
    match digests.as_slice() {
        [digest] => Ok(*digest),
        [] => {
            let detail = format!("no component of job `{job}` waits for an approval of account `{account}`");
            refused(409, detail, "name the digest to approve it before it asks".to_owned())
        }
        several => {
            let digests: Vec<_> = several.iter().map(Digest::to_string).collect();
            let detail = format!("several components of job `{job}` wait for an approval of account `{account}`");
            refused(409, detail, format!("name one of {}", digests.join(", ")))
        }
    }
}

/// What is wrong with the whole and with each account.
fn warnings(treasury: &Treasury) -> Vec<String> {
    let mut warnings = Vec::new();
    if let Some(stopped) = &treasury.stopped {
        let since = stopped.since.map_or_else(String::new, |since| format!(" since {}", time(since)));
        let note = stopped.note.as_ref().map_or_else(String::new, |note| format!(": {}", one_line(note)));
        let by = one_line(&stopped.by);
        warnings.push(format!("warning: all payments are stopped{since} by {by}{note}"));
    }
    for account in &treasury.accounts {
        let name = &account.name;
        // Further lines stand to the right, so that none passes for a line of ours.
        let own = format!("account {name}: ");
        let further = |text: &str| text.strip_prefix(&own).unwrap_or(text).replace('\n', "\n  ");
        if let Some(stopped) = &account.stopped {
            warnings.push(format!("warning: account {name} pays nothing: {}", further(stopped)));
        }
        // Where that is why it stopped, it was said already.
        if let Some(unexplained) = account.unexplained.as_ref().filter(|why| account.stopped.as_ref() != Some(why)) {
            let unexplained = further(unexplained);
            warnings
                .push(format!("warning: account {name}: the chain shows what the journal doesn't know: {unexplained}"));
        }
        for wanted in &account.unapproved {
            let (job, digest) = (&wanted.job, wanted.digest);
            warnings.push(format!(
                "warning: job {job} may not pay from {name} with {digest}\n  \
                 hint: `watchkeeper account approve {name} {job}` lets it"
            ));
        }
        for payment in &account.undecided {
            let why = payment.undecided.as_ref().map_or_else(String::new, |undecided| {
                format!(" since {}: {}", time(undecided.since), one_line(&undecided.why))
            });
            warnings.push(format!("warning: payment {} of {name} is undecided{why}", payment.id));
        }
    }
    warnings
}

fn row(account: &AccountInfo, treasury: &Treasury) -> Vec<Cell> {
    let text = |text: Option<&str>| Cell::from(text.unwrap_or("-"));
    vec![
        account.name.as_str().into(),
        state(account),
        account.chain.as_str().into(),
        text(account.balance.as_ref().map(|balance| balance.text.as_str())),
        age(treasury.now, account.balance_read).into(),
        account.in_flight.to_string().into(),
        account.signer.as_str().into(),
        text(account.address.as_deref()),
    ]
}

/// The first that holds.
fn state(account: &AccountInfo) -> Cell {
    match account {
        AccountInfo { stopped: Some(_), .. } => Cell::new("stopped", Tone::Bad),
        AccountInfo { unexplained: Some(_), .. } => Cell::new("unexplained", Tone::Bad),
        AccountInfo { unapproved, .. } if !unapproved.is_empty() => Cell::new("unapproved", Tone::Odd),
        AccountInfo { undecided, .. } if !undecided.is_empty() => Cell::new("undecided", Tone::Odd),
        AccountInfo { .. } => Cell::new("ok", Tone::Good),
    }
}
