//! Every value beside what `cast` reads.

use std::collections::BTreeSet;

use serde_json::json;

use super::{PATIENCE, accounts, at_head, coin, number, read, value, watch};
use crate::support::{
    Anvil, Watchkeeper,
    contracts::{cast_call, cast_send, deploy, install_multicall3},
    eventually, quantity,
};

const HOLDER: &str = "0x3000000000000000000000000000000000000003";

#[test]
fn each_value_is_what_cast_reads() {
    values_are_what_cast_reads(&Anvil::start(&[]));
}

#[test]
fn each_value_is_what_cast_reads_where_multicall3_is() {
    let anvil = Anvil::start(&[]);
    install_multicall3(&anvil);
    values_are_what_cast_reads(&anvil);
}

fn values_are_what_cast_reads(anvil: &Anvil) {
    let (answers, coin) = (deploy(anvil, "Answers", ""), coin(anvil));
    fill(anvil, &answers, &coin);
    let deployment = watch(anvil.url(), &config(anvil, &answers, &coin));
    let watchkeeper = Watchkeeper::start(&deployment);
    let scrape = at_head(&watchkeeper, anvil);
    let pool = ("contract", "pool");
    let is = |name: &str, labels: &[(&str, &str)], wanted: f64| {
        assert_eq!(value(&scrape, name, labels), Some(wanted), "{name} {labels:?}");
    };

    let reserves = cast_call(anvil, &answers, "getReserves()(uint112,uint112,uint32)", &[]);
    let reserves: Vec<&str> = reserves.lines().collect();
    is("pool_reserve", &[pool, ("token", "A")], number(reserves[0], 18));
    is("pool_reserve", &[pool, ("token", "B")], number(reserves[1], 6));
    let latest = anvil.rpc("eth_getBlockByNumber", json!(["latest", false]));
    is("pool_read_timestamp_seconds", &[pool], quantity(&latest["timestamp"]) as f64);
    is("contracts_block_timestamp_seconds", &[], quantity(&latest["timestamp"]) as f64);
    is("pool_drift", &[pool], read(anvil, &answers, "drift()(int256)", &[], 3));
    assert_eq!(cast_call(anvil, &answers, "paused()(bool)", &[]), "true");
    is("pool_paused", &[pool], 1.0);
    let version = cast_call(anvil, &answers, "version()(string)", &[]);
    is("pool_version_info", &[pool, ("value", version.trim_matches('"'))], 1.0);
    let owners = cast_call(anvil, &answers, "owners()(address[])", &[]);
    let owners: Vec<&str> = owners.trim_matches(['[', ']']).split(", ").collect();
    is("pool_owners", &[pool], owners.len() as f64);
    is("pool_first_owner_info", &[pool, ("value", owners[0])], 1.0);
    is(
        "pool_limit",
        &[pool, ("kind", "7")],
        read(anvil, &answers, "limits(address,uint8)(uint256)", &[HOLDER, "7"], 18),
    );
    is("pool_price", &[pool], -read(anvil, &answers, "drift()(int256)", &[], 0));

    let token = ("contract", "coin");
    is(
        "contracts_token_balance",
        &[token, ("holder", "it")],
        read(anvil, &coin, "balanceOf(address)(uint256)", &[HOLDER], 6),
    );
    is("contracts_token_supply", &[token], read(anvil, &coin, "totalSupply()(uint256)", &[], 6));
    for (name, account) in [("it", HOLDER), ("first", &accounts(anvil)[0])] {
        let balance = anvil.rpc("eth_getBalance", json!([account, "latest"]));
        let balance = u128::from_str_radix(&balance.as_str().unwrap()[2..], 16).unwrap();
        is("contracts_native_balance", &[("account", name)], number(&balance.to_string(), 18));
    }
    let calls = scrape.all("contracts_call_up", &[]);
    let names: BTreeSet<&str> = calls.iter().map(|call| call.labels["call"].as_str()).collect();
    assert_eq!(names.len(), 10, "{names:?}");
    assert!(calls.iter().all(|call| call.value == 1.0), "{calls:?}");
    assert!(scrape.all("contracts_call_failure", &[]).is_empty());
}

#[test]
fn all_values_of_a_run_are_from_the_block_that_it_names() {
    let anvil = Anvil::start(&["--block-time", "1"]);
    let answers = deploy(&anvil, "Answers", "");
    let entries: String = (0..120).map(|number| format!(
        "[[config.calls]]\nname = \"here{number}\"\ncontracts = {{ answers = \"{answers}\" }}\nfunction = \"here() returns (uint256)\"\n\
         outputs = [{{ output = 0, metric = \"here\", labels = {{ call = \"{number}\" }} }}]\n"
    )).collect();
    let deployment = watch(anvil.url(), &entries);
    let watchkeeper = Watchkeeper::start(&deployment);
    let mut blocks = BTreeSet::new();
    eventually("values of four blocks", PATIENCE, || {
        let scrape = watchkeeper.metrics();
        let block = value(&scrape, "contracts_block_number", &[])?;
        let seen: Vec<f64> = scrape.all("here", &[]).iter().map(|sample| sample.value).collect();
        assert_eq!(seen, vec![block; 120]);
        blocks.insert(block as u64);
        (blocks.len() >= 4).then_some(())
    });
}

fn fill(anvil: &Anvil, answers: &str, coin: &str) {
    let reserves = ["1500000000000000000123", "7000001", "-123456", "true", "v1.2 | ünïcode"];
    cast_send(anvil, answers, "set(uint112,uint112,int256,bool,string)", &reserves);
    for owner in [HOLDER, coin] {
        cast_send(anvil, answers, "addOwner(address)", &[owner]);
    }
    // Beyond what 53 bits hold, and beyond 2^127.
    let large = "340282366920938463463374607431768211457";
    cast_send(anvil, answers, "limit(address,uint8,uint256)", &[HOLDER, "7", large]);
    cast_send(anvil, coin, "mint(address,uint256)", &[HOLDER, "123456789"]);
    cast_send(anvil, coin, "mint(address,uint256)", &[answers, "1"]);
    anvil.rpc("anvil_setBalance", json!([HOLDER, "0xde0b6b3a7640001"]));
}

fn config(anvil: &Anvil, answers: &str, coin: &str) -> String {
    let first = &accounts(anvil)[0];
    let entry = |function: &str, rest: &str| {
        format!("[[config.calls]]\ncontracts = {{ pool = \"{answers}\" }}\nfunction = \"{function}\"\n{rest}\n")
    };
    [
        entry(
            "getReserves() returns (uint112 r0, uint112 r1, uint32)",
            r#"outputs = [
                { output = "r0", metric = "pool_reserve", decimals = 18, labels = { token = "A" } },
                { output = "r1", metric = "pool_reserve", decimals = 6, labels = { token = "B" } },
                { output = 2, metric = "pool_read_timestamp_seconds", unit = "seconds" },
            ]"#,
        ),
        entry("drift()(int256)", r#"outputs = [{ output = 0, metric = "pool_drift", decimals = 3 }]"#),
        entry("paused() view returns (bool)", r#"outputs = [{ output = 0, metric = "pool_paused" }]"#),
        entry("version() returns (string)", r#"outputs = [{ output = 0, metric = "pool_version_info" }]"#),
        entry(
            "owners() returns (address[] all)",
            r#"outputs = [
                { output = "all.length", metric = "pool_owners" },
                { output = "all.0", metric = "pool_first_owner_info" },
            ]"#,
        ),
        entry(
            "pair() returns (uint256 id, int64[2] prices)",
            r#"outputs = [{ output = "prices.1", metric = "pool_price" }]"#,
        ),
        entry(
            "limits(address owner, uint8 kind) returns (uint256)",
            &format!(
                "arguments = [\"{HOLDER}\", 7]\n\
                 outputs = [{{ output = 0, metric = \"pool_limit\", decimals = 18, labels = {{ kind = \"7\" }} }}]"
            ),
        ),
        format!(
            "[[config.erc20]]\ntokens = {{ coin = \"{coin}\" }}\nholders = {{ it = \"{HOLDER}\" }}\nsupply = true\n"
        ),
        format!("[config.balances]\naccounts = {{ it = \"{HOLDER}\", first = \"{first}\" }}\ndecimals = 18\n"),
    ]
    .concat()
}
