//! What the policy's checks cost as the journal grows: a reservation with six caps and a least interval, given back again, in
//! journals of a thousand to a million payments. In memory, so that only the journal's own work grows.

use alloy_primitives::{Address, B256, Bytes, U256};
use anyhow::{Context, Result, anyhow};
use jiff::{SignedDuration, Timestamp};
use watchkeeper_ledger::{
    Book, Cap, Inclusion, Intended, Intent, NodeStart, PaymentEvent, PaymentId, Reservation, Sender, SignedTransaction,
};
use watchkeeper_model::{AccountName, Digest, JobName, RunId, Window};

use crate::{
    report::{Peer, Ratio, Report, Row},
    stats::{Samples, micros},
};

const SIZES: [u64; 4] = [1_000, 10_000, 100_000, 1_000_000];
const CHECKS: usize = 500;
/// Between two payments of the journal.
const STEP: SignedDuration = SignedDuration::from_secs(60);
const SENDER: Sender = Sender { chain_id: 1, address: Address::repeat_byte(1) };

pub(super) fn measure(report: &mut Report) -> Result<()> {
    eprintln!("==> the policy's checks, as the journal grows");
    let started = Timestamp::UNIX_EPOCH;
    let mut book = Book::in_memory(&NodeStart { host: String::new(), version: String::new(), started })?;
    let (mut rows, mut first) = (0, None);
    for size in SIZES {
        while rows < size {
            pay(&mut book, rows)?;
            rows += 1;
        }
        let mut samples = Samples::default();
        for check in 0..CHECKS {
            samples.push(reserve_and_give_back(&mut book, rows, check)?);
        }
        let cost = micros(samples.median());
        let first = *first.get_or_insert(cost);
        report.add(Row {
            name: format!("policy_checks_among_{size}"),
            what: format!("a reservation, all caps checked, in a journal of {size} payments"),
            value: cost,
            unit: "µs",
            peer: (size > 1_000).then(|| Peer {
                name: "among 1000".to_owned(),
                value: first,
                ratio: Ratio::OursOverTheirs,
            }),
            how: format!(
                "median of {CHECKS}; six caps over three windows, a payment a minute, one job of ten; in memory"
            ),
        });
    }
    Ok(())
}

/// A payment, to its end.
fn pay(book: &mut Book, number: u64) -> Result<()> {
    let id = intend(book, number, "paid")?;
    let at = time(number)?;
    book.reserve(id, &reservation(number)?)?.map_err(|barred| anyhow!("{barred}"))?;
    let mut hash = B256::ZERO;
    hash.0[24..].copy_from_slice(&number.to_be_bytes());
    let transaction = SignedTransaction {
        nonce: number,
        hash,
        raw: Bytes::from_static(&[0; 120]),
        max_fee_per_gas: U256::from(1),
        priority_fee_per_gas: U256::from(1),
        gas_limit: 21_000,
        at,
    };
    book.sign(id, &transaction)?;
    let inclusion = Inclusion { hash, block_number: number, block_hash: hash, success: true, fee: U256::from(21_000) };
    book.payment_event(id, &PaymentEvent::Included(inclusion), at)?;
    book.payment_event(id, &PaymentEvent::Settled { reason: None }, at)?;
    Ok(())
}

fn reserve_and_give_back(book: &mut Book, rows: u64, check: usize) -> Result<std::time::Duration> {
    let id = intend(book, rows, &format!("check-{check}"))?;
    let reservation = reservation(rows)?;
    let begun = std::time::Instant::now();
    let reserved = book.reserve(id, &reservation)?;
    let took = begun.elapsed();
    reserved.map_err(|barred| anyhow!("{barred}"))?;
    book.payment_event(id, &PaymentEvent::Refused { reason: String::new() }, time(rows)?)?;
    Ok(took)
}

fn intend(book: &mut Book, number: u64, key: &str) -> Result<PaymentId> {
    let intent = Intent {
        account: AccountName::new("funder")?,
        sender: SENDER,
        job: JobName::new(&format!("job-{}", number % 10))?,
        run: RunId::new(time(number)?, u128::from(number)),
        key: format!("{key}-{number}"),
        content: Digest::new([0; 32]),
        asset: "ETH".to_owned(),
        target: format!("target-{}", number % 16),
        asked: U256::from(1),
        at: time(number)?,
    };
    match book.intend(&intent)? {
        Intended::New(payment) => Ok(payment.id),
        other => Err(anyhow!("not a new payment: {other:?}")),
    }
}

fn reservation(number: u64) -> Result<Reservation> {
    let windows = [Window::Day, Window::Week, Window::Lifetime];
    let caps =
        [false, true].into_iter().flat_map(|of_job| windows.map(|window| Cap { of_job, window, limit: U256::MAX }));
    Ok(Reservation {
        to: Address::repeat_byte(2),
        value: U256::from(1),
        data: Bytes::new(),
        amount: U256::from(1),
        max_fee: U256::from(21_000),
        block: number,
        reason: String::new(),
        caps: caps.collect(),
        min_interval: SignedDuration::from_secs(1),
        now: time(number)?,
    })
}

fn time(number: u64) -> Result<Timestamp> {
    let since = STEP.checked_mul(i32::try_from(number)?).context("too late")?;
    Ok(Timestamp::from_second(1_700_000_000)?.checked_add(since)?)
}
