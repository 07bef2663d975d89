//! Jobs that follow a chain: each head is covered by exactly one run, whatever keeps the job meanwhile.

use watchkeeper_model::{BlockHash, HeadFeed};

use super::*;

fn feed(confirmations: u64) -> HeadFeed {
    HeadFeed { chain: "dev".into(), confirmations }
}

/// A block of a branch.
fn head(branch: u8, number: u64) -> Head {
    let mut hash = [branch; 32];
    hash[..8].copy_from_slice(&number.to_be_bytes());
    Head { number, hash: BlockHash::new(hash) }
}

fn follower(every: u64) -> Plain {
    Plain { schedule: None, heads: Some(HeadTrigger { feed: feed(0), every }), ..Plain::new("p") }
}

impl World {
    fn head(&mut self, branch: u8, number: u64) -> Vec<String> {
        let now = self.now();
        self.timetable.head(&feed(0), head(branch, number), now);
        self.here()
    }
}

#[test]
fn each_head_starts_a_run_and_the_first_is_for_that_head_alone() {
    let mut world = World::new();
    world.put("a", follower(1));
    assert_eq!(world.here(), [""; 0], "no head was seen yet");
    assert_eq!(world.head(0, 7), ["0 a runs for head 7"]);
    world.end("a");
    assert_eq!(world.head(0, 8), ["0 a runs for heads after 7 to 8"]);
    assert_eq!(world.place("a").head, Some(head(0, 8)));
}

#[test]
fn heads_that_come_while_a_run_goes_are_one_run_after_it() {
    let mut world = World::new();
    world.put("a", follower(1));
    world.head(0, 7);
    for number in 8..=30 {
        assert_eq!(world.head(0, number), [""; 0]);
    }
    assert_eq!(world.end("a"), ["0 a runs for heads after 7 to 30"]);
    assert_eq!(world.end("a"), [""; 0]);
}

#[test]
fn a_head_that_was_seen_before_the_job_came_starts_it_and_one_that_is_told_twice_does_not() {
    let mut world = World::new();
    world.head(0, 7);
    world.put("a", follower(1));
    assert_eq!(world.here(), ["0 a runs for head 7"]);
    world.end("a");
    assert_eq!(world.head(0, 7), [""; 0]);
    assert_eq!(world.head(0, 6), ["0 a runs for heads after 7 to 6"], "another hash: the chain was rolled back");
}

#[test]
fn every_third_block_is_every_third_block() {
    let mut world = World::new();
    world.put("a", follower(3));
    assert_eq!(world.head(0, 7), ["0 a runs for head 7"]);
    world.end("a");
    assert_eq!(world.head(0, 8), [""; 0]);
    assert_eq!(world.head(0, 9), [""; 0]);
    assert_eq!(world.head(0, 10), ["0 a runs for heads after 7 to 10"]);
}

#[test]
fn a_replaced_head_starts_a_run_again() {
    let mut world = World::new();
    world.put("a", follower(3));
    world.head(0, 7);
    world.end("a");
    assert_eq!(world.head(1, 7), ["0 a runs for heads after 7 to 7"]);
    world.end("a");
    assert_eq!(world.head(1, 7), [""; 0]);
}

#[test]
fn a_paused_job_runs_for_what_came_meanwhile_once_it_is_resumed() {
    let mut world = World::new();
    world.put("a", follower(1));
    world.head(0, 7);
    world.end("a");
    assert!(world.timetable.hold(&named("a")));
    world.timetable.stand(&named("a"), |place| place.paused = true);
    world.timetable.release(&named("a"));
    assert_eq!(world.head(0, 20), [""; 0]);
    world.timetable.stand(&named("a"), |place| place.paused = false);
    world.timetable.release(&named("a"));
    assert_eq!(world.here(), ["0 a runs for heads after 7 to 20"]);
}

#[test]
fn a_restart_goes_on_after_the_head_that_the_ledger_has() {
    let mut world = World::new();
    let place = Place { generation: 1, cursor: world.now(), head: Some(head(0, 7)), skip_next: 0, failures: 0, paused: false };
    world.put_at("a", follower(1), place);
    assert_eq!(world.head(0, 12), ["0 a runs for heads after 7 to 12"]);
}

#[test]
fn a_job_of_another_feed_is_left_alone_and_one_that_is_late_shows() {
    let mut world = World::new();
    let mut other = follower(1);
    other.heads.as_mut().unwrap().feed = feed(2);
    world.put("a", other);
    assert_eq!(world.head(0, 7), [""; 0]);
    let (second, now) = (Duration::from_secs(1), at(60));
    assert_eq!(world.timetable.overdue(now, second), []);
    world.timetable.head(&feed(2), head(0, 5), at(0));
    assert_eq!(world.timetable.overdue(now, second), [named("a")]);
}

#[test]
fn a_newer_head_takes_the_place_of_a_try_that_was_to_come() {
    let mut world = World::new();
    world.put("a", follower(1));
    world.head(0, 7);
    world.end_as("a", Outcome::Unavailable, Some(5));
    assert_eq!(world.head(0, 8), ["0 a runs for heads after 7 to 8"]);
    world.end("a");
    assert_eq!(world.until(10), [""; 0]);
}

#[test]
fn a_try_that_comes_again_is_for_the_same_heads() {
    let mut world = World::new();
    world.put("a", follower(1));
    world.head(0, 7);
    world.end_as("a", Outcome::Unavailable, Some(5));
    assert_eq!(world.until(10), ["5 a runs for head 7 try 2"]);
}
