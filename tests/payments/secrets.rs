//! The key, its password and signed transactions: known to the host only, shown nowhere, whatever fails.

use std::fs;

use serde_json::json;

use super::support::{Ask, House, ONE, Runs, Stage, journal, payer, ready, transfer_rule};
use crate::support::{Fault, Sending, Watchkeeper, eventually};

const FRIEND: &str = "0x00000000000000000000000000000000000aa001";
/// All that shows accounts, payments, jobs, runs, chains, or what went wrong with them.
const SHOWN: [&str; 17] = [
    "/metrics",
    "/",
    "/jobs/pays",
    "/runs",
    "/chains",
    "/accounts",
    "/payments",
    "/payments/1",
    "/plugins",
    "/api/v1/jobs",
    "/api/v1/runs",
    "/api/v1/logs",
    "/api/v1/chains",
    "/api/v1/accounts",
    "/api/v1/payments",
    "/api/v1/payments/1",
    "/api/v1/actions",
];

/// The key's digits, the password, and the signed transactions' digits; capitals don't hide them.
fn secrets(house: &House) -> Vec<String> {
    let signed = house.node().signed();
    // A part of it is enough to be sure.
    let parts = signed.iter().map(|raw| raw[raw.len() - 64..].to_lowercase());
    let own = [House::KEY.trim_start_matches("0x"), House::PASSWORD].map(str::to_lowercase);
    own.into_iter().chain(parts).collect()
}

#[track_caller]
fn without_secrets(house: &House, place: &str, text: &str) {
    let text = text.to_lowercase();
    for secret in secrets(house) {
        assert!(!text.contains(&secret), "{place} holds {secret}: {text}");
    }
}

#[test]
fn no_key_password_or_signed_transaction_is_shown_whatever_fails() {
    let mut house = Stage::new().policy(json!({"replace_after": "1s"})).build();
    let lent = json!({"dry_run": false, "allow": [transfer_rule(FRIEND)]});
    let mut watchkeeper = {
        house.job("pays", &payer(json!({}), &[Ask::pay("first", FRIEND, ONE)], lent.clone()));
        ready(Watchkeeper::start_with(&house.deployment, &["--log", "trace"]))
    };
    for (place, how) in [
        Fault::Pass,
        Fault::Sending(Sending::Echoes),
        Fault::Sending(Sending::TakesAndFails),
        Fault::Sending(Sending::Refuses("nonce too low")),
        Fault::garbage(),
    ]
    .into_iter()
    .enumerate()
    {
        let case = format!("{how:?}");
        house.job("pays", &payer(json!({}), &[Ask::pay(&format!("key {place}"), FRIEND, ONE)], lent.clone()));
        assert_eq!(watchkeeper.act("/-/reload", &[]).status, 200);
        let before = house.node().signed().len();
        house.node().set(how);
        let ran = watchkeeper.ran_while("pays", || {
            if house.node().signed().len() > before + 1 {
                house.node().set(Fault::Pass);
            }
            house.mine_what_waits();
        });
        assert_eq!(ran.said.len(), 1, "{case}: {ran:#?}");
        house.node().set(Fault::Pass);
        if !journal(&watchkeeper).is_empty() {
            house.settle(&watchkeeper);
        }
        for path in SHOWN {
            let response = watchkeeper.get(path, &[]);
            assert_eq!(response.status, 200, "{path} at {case}: {}", response.text());
            without_secrets(&house, &format!("{path} at {case}"), response.text());
        }
        without_secrets(&house, &format!("what the plugin is told at {case}"), &format!("{ran:?}"));
    }
    assert!(house.wire().len() > 3, "something was signed");
    for command in [vec!["account", "list"], vec!["payments", "list"], vec!["payments", "show", "1"]] {
        let ended = watchkeeper.ask(&command);
        without_secrets(&house, &format!("{command:?}"), &(ended.stdout + &ended.stderr));
    }
    for command in [vec!["check"], vec!["try", "pays"]] {
        let configuration = house.deployment.configuration();
        let arguments = [&command[..], &["--config", configuration.to_str().expect("letters")]].concat();
        let ended = Watchkeeper::call(&arguments);
        without_secrets(&house, &format!("{command:?}"), &(ended.stdout + &ended.stderr));
    }
    house.reconfigure(json!({"max_24h": "1 ETH"}));
    assert!(watchkeeper.act("/-/reload", &[]).status >= 400);
    without_secrets(&house, "a refused configuration", watchkeeper.get("/api/v1/jobs", &[]).text());
    assert_eq!(watchkeeper.end(), Some(0));
    without_secrets(&house, "the log", &watchkeeper.log());
}

/// Makes something wrong with a house.
type Spoil<'a> = &'a dyn Fn(&House);

#[test]
fn mistakes_around_a_key_are_told_without_it() {
    let mut house = House::new();
    let check = |house: &House| {
        let configuration = house.deployment.configuration();
        let ended = Watchkeeper::call(&["check".as_ref(), "--config".as_ref(), configuration.as_os_str()]);
        (ended.code, ended.stdout + &ended.stderr)
    };
    let keystore = fs::read_to_string(house.deployment.path("keys/funder.json")).expect("it is there");
    let cases: [(&str, Spoil<'_>); 6] = [
        ("another password", &|house| house.secret("keys/funder.password", &format!("{}!", House::PASSWORD))),
        ("no password", &|house| house.secret("keys/funder.password", "")),
        ("a key in the place of the keystore", &|house| house.secret("keys/funder.json", House::KEY)),
        ("half a keystore", &|house| house.secret("keys/funder.json", &keystore[..keystore.len() / 2])),
        ("a keystore that others may read", &|house| open_to_all(house, "keys/funder.json")),
        ("a password that others may read", &|house| open_to_all(house, "keys/funder.password")),
    ];
    for (name, spoil) in cases {
        house.secret("keys/funder.json", &keystore);
        house.secret("keys/funder.password", House::PASSWORD);
        spoil(&house);
        let ended = Watchkeeper::refuses(&house.deployment);
        assert!(ended.code.is_some_and(|code| code != 0), "{name}: {ended:?}");
        assert!(ended.stderr.contains("accounts.funder") || ended.stderr.contains("keys/funder"), "{name}: {ended:?}");
        without_secrets(&house, name, &ended.stderr);
        without_secrets(&house, name, &check(&house).1);
    }
    house.secret("keys/funder.json", &keystore);
    house.secret("keys/funder.password", House::PASSWORD);
    house.reconfigure(json!({"password": House::PASSWORD}));
    let (code, said) = check(&house);
    assert_ne!(code, Some(0), "{said}");
    without_secrets(&house, "a password in the file itself", &said);
}

fn open_to_all(house: &House, path: &str) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(house.deployment.path(path), fs::Permissions::from_mode(0o644)).expect("our file");
}

#[test]
fn a_new_account_is_made_and_pays_without_ever_showing_its_key() {
    let house = House::new();
    let (keystore, password) = ("keys/new.json", "keys/new.password");
    house.secret(password, "an0ther-Secret-0f-ours");
    let made = Watchkeeper::call_in(
        &house.deployment.path("."),
        &["account", "new", "--keystore", keystore, "--password-file", password],
    );
    assert_eq!(made.code, Some(0), "{made:?}");
    let shown = Watchkeeper::call_in(
        &house.deployment.path("."),
        &["account", "show", "--keystore", keystore, "--password-file", password],
    );
    assert_eq!(shown.code, Some(0), "{shown:?}");
    let address = shown.stdout.split(|letter: char| !letter.is_ascii_alphanumeric()).find(|word| word.len() == 42);
    let address = address.unwrap_or_else(|| panic!("no address: {shown:?}")).to_owned();
    assert!(made.stdout.contains(&address), "{made:?}");
    let mode = {
        use std::os::unix::fs::PermissionsExt;
        fs::metadata(house.deployment.path(keystore)).expect("it is there").permissions().mode() & 0o777
    };
    assert_eq!(mode, 0o600);
    // A program that isn't ours opens it, and finds the same address.
    let file = house.deployment.path(keystore);
    let opened = crate::support::contracts::cast(&[
        "wallet",
        "address",
        "--keystore",
        file.to_str().expect("letters"),
        "--password",
        "an0ther-Secret-0f-ours",
    ]);
    assert_eq!(opened, address);

    let mut house = house;
    house.anvil.rpc("anvil_setBalance", json!([address, format!("{:#x}", 10 * ONE)]));
    house.reconfigure(json!({"keystore": keystore, "password_file": password}));
    let lent = json!({"dry_run": false, "allow": [transfer_rule(FRIEND)]});
    house.job("pays", &payer(json!({}), &[Ask::pay("key", FRIEND, ONE)], lent));
    let mut watchkeeper = house.start();
    assert_eq!(watchkeeper.ran(&house, "pays").outcomes(), ["paid"]);
    let sent = super::support::sent(&house.anvil, &address);
    assert_eq!(sent.len(), 1);
    eventually("it to be in the journal", super::SOON, || {
        (journal(&watchkeeper)[0].transaction.as_ref() == Some(&sent[0].hash)).then_some(())
    });
    assert_eq!(watchkeeper.end(), Some(0));
    for text in [made.stdout, made.stderr, shown.stdout, shown.stderr, watchkeeper.log()] {
        assert!(!text.contains("an0ther-Secret-0f-ours"), "{text}");
    }
}
