//! Real user operations on a test's chain: accounts of the published factory, paymasters, operations encoded and signed as each version
//! of the EntryPoint wants them, all by `cast`, and sent as a bundler does.

use serde_json::{Value, json};

use super::{
    Anvil,
    contracts::{self, EntryPoint, cast, cast_call, transact},
};

/// Anvil's third account, which owns all accounts, and its second, which signs for paymasters (keys of its well-known mnemonic).
const OWNER: &str = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC";
const OWNER_KEY: &str = "0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a";
const SIGNER: &str = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const SIGNER_KEY: &str = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d";
const GAS: &str = "0x989680";
/// Wei per unit of gas, at most.
pub(crate) const MAX_FEE: u64 = 3_000_000_000;
const PRIORITY_FEE: u64 = 1_000_000_000;
const UNTIL: &str = "0x0000000000000000000000000000000000000000000000000000ffffffffffff";

/// One version's EntryPoint on a chain, with the factory of accounts that its package has.
pub(crate) struct Stage<'a> {
    anvil: &'a Anvil,
    pub(crate) version: EntryPoint,
    pub(crate) factory: String,
}

/// A paymaster that was deployed.
#[derive(Debug, Clone)]
pub(crate) struct Paymaster {
    pub(crate) address: String,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The published one of 0.6 and 0.7: pays for what its signer signed.
    Verifying,
    /// One that pays for everything.
    Open,
}

/// An operation before it is signed.
#[derive(Debug, Clone)]
pub(crate) struct Operation {
    pub(crate) sender: String,
    nonce: String,
    init_code: String,
    pub(crate) call_data: String,
    pub(crate) call_gas: u64,
    pub(crate) verification_gas: u64,
    pub(crate) pre_verification_gas: u64,
    pub(crate) priority_fee: u64,
    /// None: the account pays.
    pub(crate) paymaster: Option<Paymaster>,
    /// What follows the paymaster's address and limits.
    paymaster_data: String,
    signature: String,
}

impl<'a> Stage<'a> {
    /// Deploys the EntryPoint at its usual address, and a factory.
    #[track_caller]
    pub(crate) fn set(anvil: &'a Anvil, version: EntryPoint) -> Self {
        version.deploy(anvil);
        let code = contracts::published(version.package(), "SimpleAccountFactory");
        let factory = contracts::create(anvil, &format!("{code}{}", word(version.address())));
        Self { anvil, version, factory }
    }

    /// Deploys a paymaster: the published one that checks a signature, where the version has one.
    #[track_caller]
    pub(crate) fn paymaster(&self) -> Paymaster {
        let entry_point = word(self.version.address());
        if self.version == EntryPoint::V08 {
            let address = contracts::deploy(self.anvil, "TinyPaymaster", &entry_point);
            return Paymaster { address, kind: Kind::Open };
        }
        let code = contracts::published(self.version.package(), "VerifyingPaymaster");
        let address = contracts::create(self.anvil, &format!("{code}{entry_point}{}", word(SIGNER)));
        Paymaster { address, kind: Kind::Verifying }
    }

    /// Deploys a paymaster of 0.7 or later whose work after the call reverts.
    #[track_caller]
    pub(crate) fn fussy_paymaster(&self) -> Paymaster {
        Paymaster { address: contracts::deploy(self.anvil, "FussyPaymaster", ""), kind: Kind::Open }
    }

    /// Adds to a paymaster's deposit.
    #[track_caller]
    pub(crate) fn deposit(&self, paymaster: &Paymaster, wei: u128) {
        let data = cast(&["calldata", "depositTo(address)", &paymaster.address]);
        self.pay(self.version.address(), &data, wei);
    }

    /// Adds a paymaster's stake.
    #[track_caller]
    pub(crate) fn stake(&self, paymaster: &Paymaster, wei: u128, delay: u32) {
        let data = cast(&["calldata", "addStake(uint32)", &delay.to_string()]);
        self.pay(&paymaster.address, &data, wei);
    }

    /// The address of an account, which need not be there, with means of its own.
    #[track_caller]
    pub(crate) fn account(&self, salt: u64) -> String {
        let signature = "getAddress(address,uint256)(address)";
        let address = cast_call(self.anvil, &self.factory, signature, &[OWNER, &salt.to_string()]);
        self.anvil.rpc("anvil_setBalance", json!([address, "0xde0b6b3a7640000"]));
        address
    }

    /// An operation of the account of this salt, which it creates if it isn't there: a call of a contract with data.
    #[track_caller]
    pub(crate) fn operation(&self, salt: u64, to: &str, data: &str, paymaster: Option<&Paymaster>) -> Operation {
        let sender = self.account(salt);
        let nonce = self.ask("getNonce(address,uint192)(uint256)", &[&sender, "0"]);
        let there = self.anvil.rpc("eth_getCode", json!([sender, "latest"])) != json!("0x");
        let create = || cast(&["calldata", "createAccount(address,uint256)", OWNER, &salt.to_string()]);
        let init_code =
            if there { "0x".to_owned() } else { format!("{}{}", self.factory, create().trim_start_matches("0x")) };
        Operation {
            sender,
            nonce: first_word(&nonce),
            init_code,
            call_data: cast(&["calldata", "execute(address,uint256,bytes)", to, "0", data]),
            call_gas: 200_000,
            verification_gas: 1_000_000,
            pre_verification_gas: 60_000,
            priority_fee: PRIORITY_FEE,
            paymaster: paymaster.cloned(),
            paymaster_data: String::new(),
            signature: format!("0x{}1b", "ff".repeat(64)),
        }
    }

    /// Signs operations, at most one of each account, and sends them as one bundle; returns the receipt, also of one that failed.
    #[track_caller]
    pub(crate) fn send(&self, operations: &[Operation]) -> Value {
        let data = self.bundle(operations);
        transact(self.anvil, &json!({"to": self.version.address(), "data": data, "gas": GAS}))
    }

    /// Whether the EntryPoint would execute an operation now.
    #[track_caller]
    pub(crate) fn takes(&self, operation: &Operation) -> bool {
        let bundle = self.bundle(std::slice::from_ref(operation));
        let call = json!({"from": OWNER, "to": self.version.address(), "data": bundle, "gas": GAS});
        self.anvil.try_rpc("eth_call", json!([call, "latest"])).is_ok()
    }

    /// The data of `handleOps` with signed operations.
    #[track_caller]
    fn bundle(&self, operations: &[Operation]) -> String {
        let signed: Vec<String> =
            operations.iter().map(|operation| self.tuple(&self.signed(operation.clone()))).collect();
        let signature = format!("handleOps({}[],address)", self.operation_type());
        cast(&["calldata", &signature, &format!("[{}]", signed.join(",")), SIGNER])
    }

    fn signed(&self, mut operation: Operation) -> Operation {
        if let Some(Paymaster { address, kind: Kind::Verifying }) = operation.paymaster.clone() {
            let times = format!("{}{}", UNTIL.trim_start_matches("0x"), "0".repeat(64));
            operation.paymaster_data = format!("{times}{}1b", "ff".repeat(64));
            let ask = format!("getHash({},uint48,uint48)(bytes32)", self.operation_type());
            let until = (u64::MAX >> 16).to_string();
            let hash = cast_call(self.anvil, &address, &ask, &[&self.tuple(&operation), &until, "0"]);
            let signature = cast(&["wallet", "sign", "--private-key", SIGNER_KEY, &hash]);
            operation.paymaster_data = format!("{times}{}", signature.trim_start_matches("0x"));
        }
        let ask = format!("getUserOpHash({})(bytes32)", self.operation_type());
        let hash = self.ask(&ask, &[&self.tuple(&operation)]);
        // Since 0.8 the hash is one of EIP-712, and signed as it is.
        let raw: &[&str] = if self.version == EntryPoint::V08 { &["--no-hash"] } else { &[] };
        operation.signature = cast(&[&["wallet", "sign", "--private-key", OWNER_KEY][..], raw, &[&hash]].concat());
        operation
    }

    /// The type of an operation, as signatures name it.
    pub(crate) fn operation_type(&self) -> &'static str {
        match self.version {
            EntryPoint::V06 => "(address,uint256,bytes,bytes,uint256,uint256,uint256,uint256,uint256,bytes,bytes)",
            EntryPoint::V07 | EntryPoint::V08 => "(address,uint256,bytes,bytes,bytes32,uint256,bytes32,bytes,bytes)",
        }
    }

    /// As `cast` takes it.
    fn tuple(&self, operation: &Operation) -> String {
        let Operation { sender, nonce, init_code, call_data, signature, .. } = operation;
        let (call, verification, before) =
            (operation.call_gas, operation.verification_gas, operation.pre_verification_gas);
        let (data, priority) = (&operation.paymaster_data, operation.priority_fee);
        let pair = |high: u64, low: u64| format!("{high:032x}{low:032x}");
        let address = operation.paymaster.as_ref().map(|paymaster| &paymaster.address);
        match self.version {
            EntryPoint::V06 => {
                let paid = address.map_or("0x".to_owned(), |address| format!("{address}{data}"));
                format!(
                    "({sender},{nonce},{init_code},{call_data},{call},{verification},{before},{MAX_FEE},{priority},{paid},{signature})"
                )
            }
            EntryPoint::V07 | EntryPoint::V08 => {
                let limits = pair(200_000, 100_000);
                let paid = address.map_or("0x".to_owned(), |address| format!("{address}{limits}{data}"));
                let (gas, fees) = (pair(verification, call), pair(priority, MAX_FEE));
                format!("({sender},{nonce},{init_code},{call_data},0x{gas},{before},0x{fees},{paid},{signature})")
            }
        }
    }

    #[track_caller]
    fn ask(&self, signature: &str, arguments: &[&str]) -> String {
        cast_call(self.anvil, self.version.address(), signature, arguments)
    }

    #[track_caller]
    fn pay(&self, to: &str, data: &str, wei: u128) {
        let receipt = transact(self.anvil, &json!({"to": to, "data": data, "value": format!("{wei:#x}"), "gas": GAS}));
        assert_eq!(receipt["status"], "0x1", "{receipt}");
    }
}

/// An address as an encoded argument.
fn word(address: &str) -> String {
    format!("{:0>64}", address.trim_start_matches("0x"))
}

/// Without what `cast` adds for people, as in `1000000000000000000 [1e18]`.
pub(crate) fn first_word(text: &str) -> String {
    text.split_whitespace().next().unwrap_or_default().to_owned()
}
