//! Right accounts: what they resolve to, and what of them is never shown.

use std::{path::Path, time::Duration};

use alloy_primitives::{Address, U256, address};
use watchkeeper_config::{AccountSettings, AwsKms, ConfigError, Currency, KeySource, PasswordSource, Settings};
use watchkeeper_model::AccountName;

const ENTRY_POINT: Address = address!("5FF137D4b0FDCD49DcA30c7CF57E578a026d2789");

const CHAIN: &str = r#"
    [chains.zkfair]
    chain_id = 42766
    currency = { symbol = "USDC", decimals = 18 }
    endpoints = ["https://rpc.example.com"]
"#;

const CAPS: &str = r#"
    chain = "zkfair"
    max_payment = "2 USDC"
    max_24h = "5 USDC"
    max_fee = "0.05 USDC"
"#;

fn settings(text: &str) -> Result<Settings, ConfigError> {
    let environment = |name: &str| (name == "KEY").then(|| "s3cr3t".to_owned());
    Settings::parse(Path::new("/etc/watchkeeper/watchkeeper.toml"), text, &environment)
}

/// The account `funder`, of the usual caps and these lines.
fn account(lines: &str) -> AccountSettings {
    let settings = settings(&format!("{CHAIN}\n[accounts.funder]\n{CAPS}\n{lines}")).unwrap();
    let shown = format!("{settings:?}");
    assert!(!shown.contains("s3cr3t"), "{shown}");
    settings.accounts[&AccountName::new("funder").unwrap()].clone()
}

fn usdc(thousandths: u64) -> U256 {
    U256::from(thousandths) * U256::from(10).pow(U256::from(15))
}

const KEYSTORE: &str = "keystore = \"keys/funder.json\"\npassword_file = \"/run/secrets/funder\"";

#[test]
fn an_account_is_its_chains_and_the_rest_has_defaults() {
    let account = account(KEYSTORE);
    assert_eq!((account.chain.as_str(), account.chain_id), ("zkfair", 42_766));
    assert_eq!(account.currency, Currency { symbol: "USDC".to_owned(), decimals: 18 });
    let KeySource::Keystore { path, password } = account.key else { panic!("{:?}", account.key) };
    assert_eq!(path, Path::new("/etc/watchkeeper/keys/funder.json"));
    assert_eq!(password, PasswordSource::File("/run/secrets/funder".into()));
    let policy = account.policy;
    assert_eq!((policy.max_payment, policy.max_24h, policy.max_fee), (usdc(2_000), usdc(5_000), usdc(50)));
    assert_eq!((policy.max_7d, policy.max_lifetime, policy.max_fee_per_gas), (None, None, None));
    assert_eq!((policy.keep, policy.min_interval), (U256::ZERO, Duration::ZERO));
    assert_eq!((policy.confirmations, policy.replace_after), (12, Duration::from_mins(1)));
    assert_eq!(policy.recipients, None);
    assert!(account.tokens.is_empty());
}

#[test]
fn each_cap_is_taken_as_it_is_written() {
    let account = account(&format!(
        r#"{KEYSTORE}
        max_7d = "20 USDC"
        max_lifetime = "500 USDC"
        max_fee_per_gas = "50 gwei"
        keep = "1 USDC"
        min_interval = "10m"
        confirmations = 0
        replace_after = "30s"
        recipients = ["0x5FF137D4b0FDCD49DcA30c7CF57E578a026d2789", "0xc0ffeec0ffeec0ffeec0ffeec0ffeec0ffeec0ff"]

        [accounts.funder.tokens.USDT]
        address = "0x5ff137d4b0fdcd49dca30c7cf57e578a026d2789"
        decimals = 6
        max_payment = "100 USDT"
        max_24h = "300.000001 USDT"
        max_lifetime = "1000 USDT"
        "#
    ));
    let policy = account.policy;
    assert_eq!((policy.max_7d, policy.max_lifetime), (Some(usdc(20_000)), Some(usdc(500_000))));
    assert_eq!((policy.max_fee_per_gas, policy.keep), (Some(U256::from(50_000_000_000_u64)), usdc(1_000)));
    assert_eq!((policy.min_interval, policy.replace_after), (Duration::from_mins(10), Duration::from_secs(30)));
    assert_eq!(policy.confirmations, 0);
    let recipients = policy.recipients.unwrap();
    assert!(recipients.len() == 2 && recipients.contains(&ENTRY_POINT));
    let token = &account.tokens["USDT"];
    assert_eq!((token.address, token.decimals), (ENTRY_POINT, 6));
    assert_eq!((token.max_payment, token.max_24h), (U256::from(100_000_000), U256::from(300_000_001)));
    assert_eq!((token.max_7d, token.max_lifetime), (None, Some(U256::from(1_000_000_000))));
}

#[test]
fn caps_may_be_equal_and_zero() {
    let lines = "[accounts.none]\nchain = \"zkfair\"\nmax_payment = \"0 USDC\"\nmax_24h = \"0 USDC\"\n\
                 max_fee = \"0 wei\"\n";
    let settings =
        settings(&format!("{CHAIN}{lines}{KEYSTORE}\nmax_7d = \"0 USDC\"\nmax_lifetime = \"0 wei\"")).unwrap();
    let policy = &settings.accounts[&AccountName::new("none").unwrap()].policy;
    assert_eq!((policy.max_24h, policy.max_lifetime), (U256::ZERO, Some(U256::ZERO)));
}

#[test]
fn a_password_may_be_the_environments() {
    let account = account("keystore = \"funder.json\"\npassword = \"${KEY}\"");
    let KeySource::Keystore { password: PasswordSource::Given(password), .. } = account.key else {
        panic!("{:?}", account.key)
    };
    assert_eq!(password.expose(), "s3cr3t");
}

#[test]
fn a_key_may_be_in_kms() {
    let address = ENTRY_POINT;
    let key = account(&format!("aws_kms = {{ key_id = \"alias/funder\", address = \"{address}\" }}")).key;
    let kms = AwsKms { key_id: "alias/funder".to_owned(), address, region: None, endpoint: None };
    assert_eq!(key, KeySource::AwsKms(kms));
    let lines = r#"
        [accounts.funder.aws_kms]
        key_id = "1234abcd-12ab"
        address = "0x5ff137d4b0fdcd49dca30c7cf57e578a026d2789"
        region = "eu-central-1"
        endpoint = "http://127.0.0.1:4566"
    "#;
    let KeySource::AwsKms(kms) = account(lines).key else { panic!("another key") };
    assert_eq!(kms.region.as_deref(), Some("eu-central-1"));
    assert_eq!(kms.endpoint.as_deref(), Some("http://127.0.0.1:4566"));
}

#[test]
fn a_key_may_be_in_a_web3signer() {
    let key = account(
        r#"
        [accounts.funder.web3signer]
        url = "https://signer.example.com/${KEY}"
        address = "0x5FF137D4b0FDCD49DcA30c7CF57E578a026d2789"
        ca_file = "ca.pem"
        headers = { Authorization = "Bearer ${KEY}" }
        "#,
    )
    .key;
    let KeySource::Web3Signer(signer) = key else { panic!("{key:?}") };
    assert_eq!(signer.url.expose(), "https://signer.example.com/s3cr3t");
    assert_eq!(signer.headers["authorization"].expose(), "Bearer s3cr3t");
    assert_eq!(signer.address, ENTRY_POINT);
    assert_eq!(signer.ca_file.as_deref(), Some(Path::new("/etc/watchkeeper/ca.pem")));
}

#[test]
fn headers_may_go_in_the_clear_within_this_machine() {
    for host in ["127.0.0.1:9000", "localhost:9000", "[::1]:9000"] {
        account(&format!(
            "web3signer = {{ url = \"http://{host}\", address = \"{ENTRY_POINT}\", headers = {{ x-key = \"${{KEY}}\" }} }}"
        ));
    }
}
