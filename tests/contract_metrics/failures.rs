//! What a contract doesn't answer is told by call and reason, has no value, and costs no other call anything.

use super::{PATIENCE, at_head, value, watch};
use crate::support::{
    Anvil, Watchkeeper,
    contracts::{cast_send, deploy, install_multicall3},
    eventually,
};

const NOBODY: &str = "0x4000000000000000000000000000000000000004";

/// A call's name, its function and arguments, and the reason for which it fails.
const FAILING: [(&str, &str, &str, &str); 9] = [
    ("refuses", "refuses() returns (uint256)", "", "reverted"),
    ("panics", "panics(uint256) returns (uint256)", "0", "reverted"),
    ("tooLow", "tooLow() returns (uint256)", "", "reverted"),
    ("unknown", "unknown() returns (uint256)", "", "reverted"),
    ("silent", "raw(bytes) returns (uint256)", "\"0x\"", "empty"),
    ("short", "raw(bytes) returns (uint256)", "\"0x000001\"", "malformed"),
    ("long", "raw(bytes) returns (uint8)", LONG, "malformed"),
    ("wide", "raw(bytes) returns (uint8)", WIDE, "malformed"),
    ("elsewhere", "here() returns (uint256)", "", "no_code"),
];
/// Two words where one is promised.
const LONG: &str = "\"0x00000000000000000000000000000000000000000000000000000000000000010000000000000000000000000000000000000000000000000000000000000001\"";
/// 256 where 8 bits are promised.
const WIDE: &str = "\"0x0000000000000000000000000000000000000000000000000000000000000100\"";

#[test]
fn each_failure_has_its_reason() {
    failures_have_their_reasons(&Anvil::start(&[]));
}

#[test]
fn each_failure_has_its_reason_where_multicall3_is() {
    let anvil = Anvil::start(&[]);
    install_multicall3(&anvil);
    failures_have_their_reasons(&anvil);
}

fn failures_have_their_reasons(anvil: &Anvil) {
    let answers = deploy(anvil, "Answers", "");
    let entry = |name: &str, at: &str, function: &str, arguments: &str| {
        format!(
            "[[config.calls]]\nname = \"{name}\"\ncontracts = {{ it = \"{at}\" }}\nfunction = \"{function}\"\n\
             arguments = [{arguments}]\noutputs = [{{ output = 0, metric = \"answer\", labels = {{ of = \"{name}\" }} }}]\n"
        )
    };
    let failing = FAILING.iter().map(|(name, function, arguments, reason)| {
        entry(name, if *reason == "no_code" { NOBODY } else { &answers }, function, arguments)
    });
    let config: String = failing.chain([entry("here", &answers, "here() returns (uint256)", "")]).collect();
    let deployment = watch(anvil.url(), &config);
    let watchkeeper = Watchkeeper::start(&deployment);
    let scrape = at_head(&watchkeeper, anvil);
    for (name, _, _, reason) in FAILING {
        let labels = [("contract", "it"), ("call", name)];
        assert_eq!(value(&scrape, "contracts_call_up", &labels), Some(0.0), "{name}");
        assert_eq!(value(&scrape, "answer", &[("of", name)]), None, "{name}");
        assert_eq!(scrape.all("contracts_call_failure", &labels).len(), 1, "{name}");
        assert_eq!(
            value(&scrape, "contracts_call_failure", &[&labels[..], &[("reason", reason)]].concat()),
            Some(1.0),
            "{name}"
        );
        assert!(value(&scrape, "contracts_call_failures_total", &labels).unwrap() >= 1.0, "{name}");
    }
    let here = [("contract", "it"), ("call", "here")];
    assert_eq!(value(&scrape, "contracts_call_up", &here), Some(1.0));
    assert_eq!(value(&scrape, "contracts_call_failures_total", &here), Some(0.0));
    assert_eq!(value(&scrape, "answer", &[("of", "here")]), value(&scrape, "contracts_block_number", &[]));
    let said = ["the pool rests", "panic 0x12, a division by zero", "error with selector 0x", "no reason given"];
    eventually("the reasons in the log", PATIENCE, || {
        let log = watchkeeper.log();
        said.iter().all(|reason| log.contains(reason)).then_some(())
    });
}

#[test]
fn a_call_that_works_again_has_its_value_and_no_failure() {
    let anvil = Anvil::start(&[]);
    let answers = deploy(&anvil, "Answers", "");
    let function = "owners() returns (address[] all)";
    let deployment = watch(
        anvil.url(),
        &format!(
            "[[config.calls]]\ncontracts = {{ it = \"{answers}\" }}\nfunction = \"{function}\"\n\
             outputs = [{{ output = \"all.0\", metric = \"first_owner_info\" }}]\n"
        ),
    );
    let watchkeeper = Watchkeeper::start(&deployment);
    let labels = [("contract", "it"), ("call", "owners")];
    let scrape = at_head(&watchkeeper, &anvil);
    assert_eq!(value(&scrape, "contracts_call_up", &labels), Some(0.0));
    cast_send(&anvil, &answers, "addOwner(address)", &[NOBODY]);
    let scrape = at_head(&watchkeeper, &anvil);
    assert_eq!(value(&scrape, "contracts_call_up", &labels), Some(1.0));
    assert_eq!(value(&scrape, "first_owner_info", &[("value", NOBODY)]), Some(1.0));
    assert!(scrape.all("contracts_call_failure", &[]).is_empty());
    assert!(value(&scrape, "contracts_call_failures_total", &labels).unwrap() >= 1.0);
}
