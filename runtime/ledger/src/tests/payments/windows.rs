//! What counts in a window, held against a sum over all reservations that any book-keeper could do: with reservations given
//! back in between, keys that ask again, and clocks that step both ways.

use std::collections::BTreeMap;

use alloy_primitives::{B256, U256};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use watchkeeper_model::{JobName, PaymentState, Window};

use super::{
    abandoned_because, at, cap, event, funder, intend, intent, job, journal, refused_because, reservation, reserve,
    sender, standing, transaction, wei,
};
use crate::{
    Barred, Book, Cap, Inclusion, Intent, PaymentEvent, PaymentId, Reservation, Sender, SignedTransaction, Spent,
};

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;
const JOBS: [&str; 2] = ["topup", "other"];
const ASSETS: [&str; 2] = ["USDC", "USDT"];

#[derive(Debug, Clone)]
enum Deed {
    /// A payment is asked for and reserved.
    Ask { sender: u8, asset: usize, job: usize, amount: u64, caps: Vec<(bool, usize, u64)> },
    /// A refused one asks again.
    Again { which: usize, amount: u64 },
    /// A reserved one goes on.
    End { which: usize, state: PaymentState },
    /// The clock goes by seconds, either way.
    Clock(i64),
}

fn deed() -> impl Strategy<Value = Deed> {
    let caps = prop::collection::vec((any::<bool>(), 0..Window::ALL.len(), 0..60_u64), 0..3);
    let ends = [PaymentState::Refused, PaymentState::Confirmed, PaymentState::Reverted, PaymentState::Abandoned];
    let steps = [1, HOUR, DAY - 1, DAY, DAY + 1, 6 * DAY, 7 * DAY - 1, 7 * DAY, -1, -HOUR, -DAY, -8 * DAY];
    prop_oneof![
        6 => (1..3_u8, 0..ASSETS.len(), 0..JOBS.len(), 0..30_u64, caps)
            .prop_map(|(sender, asset, job, amount, caps)| Deed::Ask { sender, asset, job, amount, caps }),
        1 => (any::<usize>(), 0..30_u64).prop_map(|(which, amount)| Deed::Again { which, amount }),
        3 => (any::<usize>(), prop::sample::select(ends.to_vec())).prop_map(|(which, state)| Deed::End { which, state }),
        3 => prop::sample::select(steps.to_vec()).prop_map(Deed::Clock),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn sums_are_those_of_all_reservations(deeds in prop::collection::vec(deed(), 1..50)) {
        let mut world = World::new();
        for deed in deeds {
            world.does(deed);
            world.agrees();
        }
    }
}

/// A journal, and beside it what it should know.
struct World {
    book: Book,
    clock: i64,
    /// The latest that each sender's reservations brought.
    times: BTreeMap<u8, i64>,
    rows: Vec<Row>,
    signed: u64,
}

struct Row {
    id: PaymentId,
    sender: u8,
    asset: usize,
    job: usize,
    key: String,
    state: PaymentState,
    at: i64,
    amount: u64,
}

impl World {
    fn new() -> Self {
        Self { book: journal(), clock: 0, times: BTreeMap::new(), rows: Vec::new(), signed: 0 }
    }

    fn does(&mut self, deed: Deed) {
        match deed {
            Deed::Clock(step) => self.clock += step,
            Deed::Ask { sender, asset, job, amount, caps } => {
                let key = format!("key {}", self.rows.len());
                let (state, at, id) = (PaymentState::Intended, 0, 0);
                self.rows.push(Row { id, sender, asset, job, key, state, at, amount });
                self.asks(self.rows.len() - 1, amount, &caps);
            }
            Deed::Again { which, amount } => {
                if let Some(row) = self.pick(which, PaymentState::Refused) {
                    self.asks(row, amount, &[]);
                }
            }
            Deed::End { which, state } => {
                if let Some(row) = self.pick(which, PaymentState::Reserved) {
                    self.ends(row, state);
                }
            }
        }
    }

    fn pick(&self, which: usize, state: PaymentState) -> Option<usize> {
        let of_state: Vec<_> = (0..self.rows.len()).filter(|row| self.rows[*row].state == state).collect();
        of_state.get(which.checked_rem(of_state.len())?).copied()
    }

    fn asks(&mut self, row: usize, amount: u64, caps: &[(bool, usize, u64)]) {
        let Row { sender: of, asset, job: for_job, key, .. } = &self.rows[row];
        let (of, asset, for_job) = (*of, *asset, *for_job);
        let asked =
            Intent { sender: sender(of), asset: ASSETS[asset].to_owned(), job: job(JOBS[for_job]), ..intent(key) };
        let id = intend(&mut self.book, &asked).id;
        let caps: Vec<_> = caps
            .iter()
            .map(|(of_job, window, limit)| Cap { of_job: *of_job, ..cap(Window::ALL[*window], *limit) })
            .collect();
        let time = *self.times.entry(of).and_modify(|time| *time = (*time).max(self.clock)).or_insert(self.clock);
        let expected = caps.iter().find_map(|cap| {
            let spent = self.spent(of, asset, cap.of_job.then_some(for_job), cap.window, time);
            let left = cap.limit.saturating_sub(spent);
            let over = cap.limit.is_zero() || wei(amount) > left;
            over.then_some(Barred::OverCap { of_job: cap.of_job, window: cap.window, left, limit: cap.limit })
        });
        let reserved =
            reserve(&mut self.book, id, &Reservation { amount: wei(amount), caps, ..reservation(self.clock) });
        let row = &mut self.rows[row];
        (row.id, row.state) = (id, PaymentState::Intended);
        match expected {
            Some(barred) => assert_eq!(reserved, Err(barred)),
            None => {
                assert_eq!(reserved.unwrap().reserved.unwrap().at, at(time));
                (row.state, row.at, row.amount) = (PaymentState::Reserved, time, amount);
            }
        }
    }

    fn ends(&mut self, row: usize, state: PaymentState) {
        let Row { id, sender: of, .. } = self.rows[row];
        if state == PaymentState::Refused {
            event(&mut self.book, id, &refused_because("no need"));
        } else {
            self.signed += 1;
            let hash = B256::from(U256::from(self.signed));
            let nonce = self.book.sender(sender(of)).unwrap().unwrap().next_nonce;
            self.book.sign(id, &SignedTransaction { hash, ..transaction(nonce, 0) }).unwrap();
            let success = state == PaymentState::Confirmed;
            let block_hash = B256::ZERO;
            let inclusion = Inclusion { hash, block_number: 1, block_hash, success, fee: wei(1) };
            let way = match state {
                PaymentState::Abandoned => vec![abandoned_because("0x77 has its nonce")],
                _ => vec![PaymentEvent::Included(inclusion), PaymentEvent::Settled { reason: None }],
            };
            for happened in way {
                event(&mut self.book, id, &happened);
            }
        }
        self.rows[row].state = state;
    }

    /// The sum, over all that is held.
    fn spent(&self, of: u8, asset: usize, for_job: Option<usize>, window: Window, time: i64) -> U256 {
        let length = match window {
            Window::Payment => return U256::ZERO,
            Window::Day => DAY,
            Window::Week => 7 * DAY,
            Window::Lifetime => i64::MAX / 2,
        };
        let held = self.rows.iter().filter(|row| {
            matches!(row.state, PaymentState::Reserved | PaymentState::Confirmed)
                && (row.sender, row.asset) == (of, asset)
                && for_job.is_none_or(|for_job| for_job == row.job)
                && row.at > time - length
        });
        wei(held.map(|row| row.amount).sum())
    }

    fn agrees(&self) {
        for (of, time) in &self.times {
            let time = self.clock.max(*time);
            for (asset, name) in ASSETS.iter().enumerate() {
                for for_job in [None, Some(0), Some(1)] {
                    let name_of = for_job.map(|for_job| job(JOBS[for_job]));
                    let told = self.book.spent(sender(*of), name, name_of.as_ref(), at(self.clock)).unwrap();
                    let sum = |window| self.spent(*of, asset, for_job, window, time);
                    let (day, week, lifetime) = (sum(Window::Day), sum(Window::Week), sum(Window::Lifetime));
                    assert_eq!(told, Spent { day, week, lifetime }, "{of} {name} {for_job:?}");
                }
            }
        }
        let mut counted = BTreeMap::<_, (u64, u64)>::new();
        for row in &self.rows {
            let (count, sum) = counted.entry((row.job, row.asset, row.state)).or_default();
            *count += 1;
            *sum += if matches!(row.state, PaymentState::Intended | PaymentState::Refused) { 0 } else { row.amount };
        }
        let told = self
            .book
            .payment_totals(None)
            .unwrap()
            .into_iter()
            .filter(|total| total.count > 0 || !total.amount.is_zero());
        let place = |job: &JobName, asset: &str| {
            (
                JOBS.iter().position(|name| *name == job.as_str()).unwrap(),
                ASSETS.iter().position(|name| *name == asset).unwrap(),
            )
        };
        let told: BTreeMap<_, _> = told
            .map(|total| {
                let (job, asset) = place(&total.job, &total.asset);
                ((job, asset, total.state), (total.count, u64::try_from(total.amount).unwrap()))
            })
            .collect();
        assert_eq!(told, counted);
    }
}

/// What a fresh payment finds spent, at a time.
fn spent(book: &Book, of: Sender, now: Timestamp) -> [U256; 3] {
    let Spent { day, week, lifetime } = book.spent(of, "USDC", None, now).unwrap();
    [day, week, lifetime]
}

#[test]
fn a_reservation_exactly_as_old_as_the_window_counts_no_more() {
    let mut book = journal();
    standing(&mut book, "a", PaymentState::Confirmed, 1);
    let nanosecond = SignedDuration::from_nanos(1);
    let day = SignedDuration::from_hours(24);
    let week = day * 7;
    let (ten, none) = (wei(10), U256::ZERO);
    for (now, expected) in [
        (at(0), [ten, ten, ten]),
        (at(0) + day - nanosecond, [ten, ten, ten]),
        (at(0) + day, [none, ten, ten]),
        (at(0) + week - nanosecond, [none, ten, ten]),
        (at(0) + week, [none, none, ten]),
        (Timestamp::MAX, [none, none, ten]),
    ] {
        assert_eq!(spent(&book, funder(), now), expected, "{now}");
    }
    assert_eq!(spent(&book, sender(2), at(0)), [none; 3]);
}

#[test]
fn a_clock_that_stepped_back_neither_opens_a_window_nor_makes_one_longer() {
    let mut book = journal();
    let mut ask = |key: &str, second: i64, limit: u64| {
        let id = intend(&mut book, &intent(key)).id;
        let asked = Reservation { caps: vec![cap(Window::Day, limit)], ..reservation(second) };
        reserve(&mut book, id, &asked).map(|payment| payment.reserved.unwrap().at)
    };
    assert_eq!(ask("a", 0, 20), Ok(at(0)));
    assert_eq!(ask("b", 10 * HOUR, 20), Ok(at(10 * HOUR)));
    let over = |left| Err(Barred::OverCap { of_job: false, window: Window::Day, left: wei(left), limit: wei(20) });
    // By the clock that is a day behind, nothing of today has been.
    assert_eq!(ask("c", -DAY, 20), over(0));
    assert_eq!(ask("d", -DAY, 30), Ok(at(10 * HOUR)), "by the journal's own time");
    assert_eq!(ask("e", DAY, 20), over(0), "the first is too old by now, two are not");
    assert_eq!(ask("f", DAY + 10 * HOUR, 20), Ok(at(DAY + 10 * HOUR)), "what was reserved meanwhile is no younger");
    assert_eq!(ask("g", DAY + 10 * HOUR, 20), Ok(at(DAY + 10 * HOUR)));
    assert_eq!(ask("h", DAY + 10 * HOUR, 20), over(0));
    let known = book.sender(funder()).unwrap().unwrap();
    assert_eq!(known.time, at(DAY + 10 * HOUR));
}
