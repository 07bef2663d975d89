//! Whether, and how much, is paid: the host's own reading of the chain, at one block that enough endpoints agree on, held
//! against the condition and every limit that needs no journal. What is unknown decides nothing.

use alloy_primitives::{Address, U256};
use jiff::Timestamp;
use watchkeeper_chain::{EstimateError, Header};
use watchkeeper_ledger::{Reservation, SenderRecord};
use watchkeeper_model::JobName;

use crate::{
    PayError,
    account::Account,
    fees::{self, Offer},
    grant::Lent,
    limits::Limits,
    rule::{Body, Condition, Reads, Rule},
};

/// Gas of a transfer to an address without code.
const TRANSFER_GAS: u64 = 21_000;

/// What a rule allows of what was asked.
pub(crate) struct Wish<'a> {
    pub(crate) lent: &'a Lent,
    pub(crate) rule: &'a Rule,
    pub(crate) limits: Limits,
    pub(crate) amount: U256,
    /// Nothing will be signed: no nonce is needed.
    pub(crate) dry_run: bool,
}

/// What is to be reserved, and how it will be sent.
#[derive(Debug)]
pub(crate) struct Decision {
    pub(crate) reservation: Reservation,
    pub(crate) offer: Offer,
    pub(crate) gas_limit: u64,
    pub(crate) nonce: u64,
}

/// Reads and decides. Nothing is written; the journal's own limits come after it.
pub(crate) async fn decide(wish: &Wish<'_>) -> Result<Decision, PayError> {
    let account = &*wish.lent.account;
    let money = &account.money;
    let head = money.head().await?;
    let nonce = if wish.dry_run { 0 } else { nonce(account, &head).await? };
    let (amount, reason) = needed(account, wish, &head).await?;
    let Body { value, data } = wish.rule.body(amount);
    let sender = account.sender.address;
    let estimated =
        money.estimate_gas(sender, wish.rule.to, value, data.clone()).await.map_err(|error| match error {
            EstimateError::Reverted(why) => PayError::Unavailable(format!("nothing was paid: it would fail: {why}")),
            EstimateError::Read(error) => error.into(),
        })?;
    let gas_limit = if estimated <= TRANSFER_GAS { TRANSFER_GAS } else { estimated.saturating_add(estimated / 4) };
    let gas = U256::from(gas_limit);
    let limits = &wish.limits;
    let affordable = limits.max_fee.checked_div(gas).unwrap_or(U256::ZERO);
    let per_gas = limits.max_fee_per_gas.map_or(affordable, |most| most.min(affordable));
    let offer = fees::first(&money.fees().await?, per_gas).map_err(|asked| {
        let (asked, cap) = (account.show_native(asked), account.show_native(per_gas));
        let hint = "raise `max_fee` or `max_fee_per_gas` if that is worth it; it is tried again";
        PayError::OverBudget(format!(
            "account {}: a unit of gas costs {asked}, the limits allow {cap} for {gas_limit} units\nhint: {hint}",
            account.name
        ))
    })?;
    let max_fee = per_gas.saturating_mul(gas);
    floor(account, wish, &head, value, max_fee).await?;
    money.still(&head).await?;
    Ok(Decision {
        reservation: Reservation {
            to: wish.rule.to,
            value,
            data,
            amount,
            max_fee,
            block: head.number,
            reason,
            caps: limits.caps.clone(),
            min_interval: limits.min_interval,
            now: account.clock.now().min(time_of(&head)),
        },
        offer,
        gas_limit,
        nonce,
    })
}

/// The nonce that the next payment gets. Chain and journal must agree on what the account did so far: more on the chain is
/// somebody else's, or a journal that lost something.
async fn nonce(account: &Account, head: &Header) -> Result<u64, PayError> {
    let sender = account.sender.address;
    let count = account.money.transaction_count(head, sender).await?;
    let pending = account.money.pending_count(sender).await?;
    let record = account.ledger.sender(account.sender).await?;
    let next = record.map_or(0, |record| record.next_nonce);
    if record.is_some_and(|record| head.number < record.highest_block) {
        return Err(PayError::Unavailable(format!(
            "nothing was paid: block {} is older than one seen before",
            head.number
        )));
    }
    let found = count.max(pending);
    if count.saturating_add(record.map_or(0, |record| record.in_flight)) < next {
        return Err(PayError::Unavailable(format!(
            "nothing was paid: the chain has {count} transactions of {sender} at block {}, fewer than the journal",
            head.number
        )));
    }
    match strangers(account, found, record) {
        None => {
            account.go_on();
            Ok(next)
        }
        Some(why) => {
            account.halt(&why);
            Err(PayError::Denied(why))
        }
    }
}

/// In words, that somebody else spends from an account, if the chain shows `found` transactions of it.
pub(crate) fn strangers(account: &Account, found: u64, record: Option<SenderRecord>) -> Option<String> {
    let next = record.map_or(0, |record| record.next_nonce);
    let (name, address) = (&account.name, account.sender.address);
    let hint = format!("find out which; `watchkeeper account adopt {name}` goes on from what the chain has");
    if found > next {
        return Some(format!(
            "account {name}: the chain has {found} transactions of {address}, the journal knows {next}: another program uses \
             its key, or the ledger is older than the chain\nhint: {hint}"
        ));
    }
    let overtaken = record.map_or(0, |record| record.overtaken);
    (overtaken > 0).then(|| {
        format!(
            "account {name}: {overtaken} of its nonces were used by transactions that the journal doesn't know: another program \
             uses its key\nhint: {hint}"
        )
    })
}

/// How much of what was asked is needed, and what says so.
async fn needed(account: &Account, wish: &Wish<'_>, head: &Header) -> Result<(U256, String), PayError> {
    let asset = account.asset(wish.rule);
    let Some(Condition { reads, below, up_to }) = &wish.rule.condition else {
        return Ok((wish.amount, "unconditional".to_owned()));
    };
    let found = match reads {
        Reads::Balance(address) => account.money.balance(head, *address).await?,
        Reads::Word { to, data, .. } => account.money.word(head, *to, data.clone()).await?,
    };
    let show = |amount: U256| account.show(amount, &asset);
    let read = format!("{reads} was {} at block {}", show(found), head.number);
    if found >= *below {
        return Err(PayError::NotNeeded(format!("account {}: {read}, not below {}", account.name, show(*below))));
    }
    Ok((wish.amount.min(up_to.saturating_sub(found)), read))
}

/// The account has to keep its floor, after this payment and all that are under way.
async fn floor(account: &Account, wish: &Wish<'_>, head: &Header, value: U256, max_fee: U256) -> Result<(), PayError> {
    let balance = account.money.balance(head, account.sender.address).await?;
    account.saw(balance, head);
    let needed = value.saturating_add(max_fee).saturating_add(account.held_back(&wish.limits).await?);
    if balance >= needed {
        return Ok(());
    }
    let show = |amount: U256| account.show_native(amount);
    Err(PayError::OverBudget(format!(
        "account {}: it holds {}; {} with the highest fee, what is under way and what it keeps come to {}\nhint: send it \
         more, or lower `keep` or `max_fee`",
        account.name,
        show(balance),
        show(value),
        show(needed)
    )))
}

/// What a dry run says of the windows, which the journal checks again where it reserves.
pub(crate) async fn fits(wish: &Wish<'_>, job: &JobName, decision: &Decision) -> Result<(), PayError> {
    let account = &*wish.lent.account;
    let asset = account.asset(wish.rule);
    let Reservation { amount, now, .. } = decision.reservation;
    for cap in &wish.limits.caps {
        let spent = account.ledger.spent(account.sender, &asset, cap.of_job.then_some(job), now).await?;
        let left = cap.limit.saturating_sub(spent.over(cap.window));
        if amount > left {
            return Err(over(account, &asset, cap.of_job, cap.window.as_str(), left, cap.limit));
        }
    }
    Ok(())
}

/// In words, that a cap is reached.
pub(crate) fn over(account: &Account, asset: &str, of_job: bool, window: &str, left: U256, limit: U256) -> PayError {
    let whose = if of_job { "the job's" } else { "the account's" };
    let (left, limit) = (account.show(left, asset), account.show(limit, asset));
    let place = if of_job { "the job's grant" } else { "watchkeeper.toml" };
    PayError::OverBudget(format!(
        "account {}: {whose} cap for {window} leaves {left} of {limit}\nhint: raise `max_{window}` in {place} if it is too \
         narrow; a window opens again by itself",
        account.name
    ))
}

fn time_of(head: &Header) -> Timestamp {
    i64::try_from(head.timestamp)
        .ok()
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
        .unwrap_or(Timestamp::MAX)
}

impl Account {
    /// The symbol of what a rule pays in.
    pub(crate) fn asset(&self, rule: &Rule) -> String {
        rule.token.clone().unwrap_or_else(|| self.settings.currency.symbol.clone())
    }

    /// What no further payment may touch: what the account keeps, and what is reserved for payments that no block has.
    pub(crate) async fn held_back(&self, limits: &Limits) -> Result<U256, PayError> {
        let open = self.ledger.open_payments(self.sender).await?;
        let reserved =
            open.into_iter().filter(|payment| payment.included.is_none()).filter_map(|payment| payment.reserved);
        Ok(reserved.fold(limits.keep, |sum, own| sum.saturating_add(own.value).saturating_add(own.max_fee)))
    }

    /// Keeps what it holds, for people.
    pub(crate) fn saw(&self, balance: U256, head: &Header) {
        let mut seen = self.seen();
        seen.balance = Some(balance);
        seen.block = head.number;
        seen.at = Some(self.clock.now());
        drop(seen);
        self.metrics.balance(self, balance);
    }

    /// Whether every address that a rule names may receive something.
    pub(crate) fn may_receive(&self, rule: &Rule) -> Result<(), Address> {
        let Some(list) = &self.settings.policy.recipients else { return Ok(()) };
        let receives = |address: &Address| rule.token.is_none() || *address != rule.to;
        match rule.recipients().filter(receives).find(|address| !list.contains(address)) {
            Some(stranger) => Err(stranger),
            None => Ok(()),
        }
    }
}
