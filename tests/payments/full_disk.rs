//! The ledger's disk fills up before a write: nothing is signed that can't be written down, and what is signed already is
//! paid once, when there is room again.

use std::{
    fs::{self, File, Permissions},
    io::Write,
    os::unix::fs::PermissionsExt,
    path::Path,
};

use serde_json::json;

use super::{
    SOON,
    support::{Ask, House, ONE, Runs, Stage, journal, payer, ready, transfer_rule},
};
use crate::support::{Fault, Watchkeeper, eventually};

const FRIEND: &str = "0x00000000000000000000000000000000000ad001";
/// Room for the compiled plugin and a ledger of a few runs.
const DISK: u64 = 48 << 20;

/// A house whose ledger is on a small disk of its own.
fn house() -> House {
    let house = Stage::new().settings(json!({"store": {"path": "store/watchkeeper.db"}})).build();
    fs::create_dir(house.deployment.path("store")).expect("a new folder");
    fs::set_permissions(house.deployment.path("store"), Permissions::from_mode(0o700)).expect("our folder");
    let lent = json!({"dry_run": false, "allow": [transfer_rule(FRIEND)]});
    house.job("pays", &payer(json!({"timeout": "60s"}), &[Ask::pay("key", FRIEND, ONE)], lent));
    house
}

fn fill(disk: &Path) {
    let mut file = File::create(disk.join("filler")).expect("a new file");
    let block = [0_u8; 4096];
    while file.write_all(&block).is_ok() {}
}

/// Waits until the ledger is noticed to be away, or back.
#[track_caller]
fn ledger_is(watchkeeper: &Watchkeeper, up: bool) {
    let wanted = if up { 1.0 } else { 0.0 };
    eventually(&format!("the ledger to be {wanted}"), SOON, || {
        (watchkeeper.metrics().value("watchkeeper_ledger_up", &[]) == Some(wanted)).then_some(())
    });
}

/// Asks until it is paid, and checks that it was paid once.
#[track_caller]
fn is_paid_once(house: &House, watchkeeper: &Watchkeeper) {
    eventually("it to be paid", SOON, || {
        let ran = watchkeeper.ran(house, "pays");
        ["paid", "repeated"].contains(ran.outcomes().last()?).then_some(())
    });
    let entries = house.settle(watchkeeper);
    assert_eq!(entries.iter().filter(|entry| entry.state == "confirmed").count(), 1, "{entries:?}");
    assert_eq!((house.sent().len(), house.wire().len()), (1, 1));
}

#[test]
fn nothing_is_signed_that_can_not_be_written_down() {
    let house = house();
    let (watchkeeper, disk) = Watchkeeper::start_on_small_disk(&house.deployment, DISK);
    let watchkeeper = ready(watchkeeper);
    // The host reads before it reserves: there it is held, until the disk is full.
    let reads = house.node().requests();
    house.node().set(Fault::Silent);
    let asked = watchkeeper.post("jobs/pays/run", &json!({}));
    assert!(asked.status < 300, "{}", asked.text());
    eventually("it to read", SOON, || (house.node().requests() > reads).then_some(()));
    fill(&disk);
    house.node().set(Fault::Pass);
    ledger_is(&watchkeeper, false);
    house.anvil.mine(3);
    assert_eq!(house.wire(), [], "nothing was signed");
    fs::remove_file(disk.join("filler")).expect("our file");
    ledger_is(&watchkeeper, true);
    is_paid_once(&house, &watchkeeper);
}

#[test]
fn what_is_under_way_when_the_disk_fills_up_is_paid_once() {
    let house = house();
    let (watchkeeper, disk) = Watchkeeper::start_on_small_disk(&house.deployment, DISK);
    let watchkeeper = ready(watchkeeper);
    let asked = watchkeeper.post("jobs/pays/run", &json!({}));
    assert!(asked.status < 300, "{}", asked.text());
    house.reaches(&watchkeeper, "key", "broadcast");
    fill(&disk);
    house.anvil.mine(1);
    eventually("it to notice", SOON, || watchkeeper.log().contains("the ledger's disk is full").then_some(()));
    house.anvil.mine(5);
    assert_eq!(house.sent().len(), 1, "the chain goes on without the ledger");
    fs::remove_file(disk.join("filler")).expect("our file");
    let entries = house.settle(&watchkeeper);
    assert_eq!(entries[0].state, "confirmed", "{entries:?}");
    assert_eq!(journal(&watchkeeper).len(), 1);
    is_paid_once(&house, &watchkeeper);
}
