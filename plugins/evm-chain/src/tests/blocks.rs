//! Blocks are counted once each, between runs and across reorganisations.

use watchkeeper_sdk::{
    log::Level,
    prelude::*,
    serde_json::{Value, json},
    testing::Run,
};

use super::fake::Fake;

const DEV: &[&str] = &["dev"];

fn sum(run: &Run, family: &str) -> f64 {
    run.samples(family, DEV).iter().sum()
}

fn counted(run: &Run) -> f64 {
    assert!(run.outcome.is_ok(), "{run:?}");
    sum(run, "chain_blocks_total")
}

#[test]
fn the_first_run_starts_at_the_head() {
    let fake = Fake::new(100);
    let run = fake.run();
    assert_eq!(run.outcome, Ok("head 100, blocks counted: 1".into()));
    assert_eq!(run.samples("chain_block_transactions", DEV), [100.0]);
    assert_eq!(run.samples("chain_block_interval_seconds", DEV), [0.0; 0]);
    assert_eq!(run.samples("chain_reorganisations_total", DEV), [0.0]);
}

#[test]
fn each_block_between_two_runs_is_counted_once() {
    let fake = Fake::new(100);
    fake.run();
    assert_eq!(counted(&fake.run()), 0.0);

    fake.mine_to(1, 103);
    let run = fake.run();
    assert_eq!(counted(&run), 3.0);
    assert_eq!(run.samples("chain_block_transactions", DEV), [101.0, 102.0, 103.0]);
    assert_eq!(run.samples("chain_block_interval_seconds", DEV), [12.0; 3]);
    assert_eq!(sum(&run, "chain_transactions_total"), 306.0);
    assert_eq!(sum(&run, "chain_gas_used_total"), 306_000.0);
    assert_eq!(run.samples("chain_uncounted_blocks", DEV), [0.0]);
    assert_eq!(counted(&fake.run()), 0.0);
}

#[test]
fn a_run_counts_a_bounded_number_and_the_next_goes_on() {
    let fake = Fake::new(10);
    let config = json!({ "chain": "dev", "max_blocks_per_run": 40 });
    fake.run_with(config.clone());
    fake.mine_to(1, 110);
    let mut total = 0.0;
    for (new, left) in [(40.0, 60.0), (40.0, 20.0), (20.0, 0.0), (0.0, 0.0)] {
        let run = fake.run_with(config.clone());
        assert_eq!((counted(&run), run.samples("chain_uncounted_blocks", DEV)), (new, vec![left]));
        assert!(run.most_in_flight <= 16, "{}", run.most_in_flight);
        total += counted(&run);
    }
    assert_eq!(total, 100.0);
}

#[test]
fn a_reorganisation_counts_the_new_branch_and_keeps_the_old_one_counted() {
    let fake = Fake::new(100);
    fake.run();
    fake.mine_to(1, 110);
    assert_eq!(counted(&fake.run()), 10.0);

    fake.roll_back_to(107);
    fake.mine_to(2, 111);
    let run = fake.run();
    assert_eq!(run.samples("chain_block_transactions", DEV), [108.0, 109.0, 110.0, 111.0]);
    assert_eq!(sum(&run, "chain_reorganisations_total"), 1.0);
    assert_eq!(run.samples("chain_reorganisation_depth_blocks", DEV), [3.0]);
    assert_eq!(sum(&fake.run(), "chain_reorganisations_total"), 0.0);
}

#[test]
fn a_branch_that_comes_back_is_not_counted_again() {
    let fake = Fake::new(100);
    fake.run();
    fake.mine_to(1, 105);
    fake.run();
    fake.roll_back_to(103);
    fake.mine_to(2, 105);
    assert_eq!(counted(&fake.run()), 2.0);
    fake.roll_back_to(103);
    fake.mine_to(1, 106);
    let run = fake.run();
    assert_eq!(run.samples("chain_block_transactions", DEV), [106.0]);
    assert_eq!(sum(&run, "chain_reorganisations_total"), 1.0);
}

#[test]
fn a_reorganisation_at_the_same_height_is_seen() {
    let fake = Fake::new(100);
    fake.run();
    fake.roll_back_to(99);
    fake.mine_to(2, 100);
    let run = fake.run();
    assert_eq!(sum(&run, "chain_reorganisations_total"), 1.0);
    // Only block 100 was counted, so the fork point lies before all that is remembered.
    assert_eq!(run.samples("chain_reorganisation_depth_blocks", DEV), [1.0]);
    assert_eq!(run.samples("chain_block_transactions", DEV), [100.0]);
}

#[test]
fn a_node_that_is_behind_is_no_reorganisation() {
    let fake = Fake::new(100);
    fake.run();
    fake.mine_to(1, 200);
    fake.run();
    for behind in [199, 150, 50] {
        fake.roll_back_to(behind);
        let run = fake.run();
        assert_eq!(counted(&run), 0.0);
        assert_eq!(sum(&run, "chain_reorganisations_total"), 0.0, "{behind}");
        assert_eq!(run.samples("chain_head_block_number", DEV), [f64::from(behind as u32)]);
    }
    fake.mine_to(1, 201);
    assert_eq!(counted(&fake.run()), 1.0);
}

#[test]
fn a_chain_that_began_anew_is_counted_from_its_head() {
    let fake = Fake::new(500);
    fake.run();
    fake.begin_anew(2, 7);
    let run = fake.run();
    assert_eq!(sum(&run, "chain_reorganisations_total"), 1.0);
    assert_eq!(run.samples("chain_block_transactions", DEV), [7.0]);
    assert!(run.logs.iter().any(|(level, line)| *level == Level::Warn && line.contains("starts again at the head")));
    fake.mine_to(2, 9);
    assert_eq!(counted(&fake.run()), 2.0);
}

#[test]
fn counting_stops_at_a_block_that_cannot_be_had_and_goes_on_there() {
    let fake = Fake::new(100);
    fake.run();
    fake.mine_to(1, 120);
    fake.answer("0x70", Err(chain::Error::Unavailable("late".into())));
    let run = fake.run();
    assert_eq!(counted(&run), 11.0);
    assert_eq!(run.samples("chain_uncounted_blocks", DEV), [9.0]);
    assert_eq!(run.samples("chain_head_block_number", DEV), [120.0]);
    fake.answer("0x70", Ok(Value::Null));
    assert_eq!(counted(&fake.run()), 0.0);
}
