//! Operations by what came of them, what they cost, who paid, accounts that they created, and deposits going in and out: counted
//! from the events of settled blocks, each once.

use std::{collections::BTreeMap, fmt};

use watchkeeper_sdk::prelude::*;

use crate::{
    balances::Deposits,
    config::{Config, NONE, OTHER, Version},
    events::{self, Emitted, Event, Operation, Wrong},
    reason::Reason,
};

#[derive(Metrics)]
#[metric(prefix = "erc4337", labels("chain"))]
pub(crate) struct Metrics {
    /// Operations by outcome: `success`; `reverted`, the account's call; `postop_reverted`, the paymaster's work after it;
    /// `prefund_too_low`, it cost more than was set aside.
    #[metric(labels("entry_point_version", "paymaster", "outcome"))]
    operations_total: Counter<4>,
    /// Operations that went wrong, by the class of the revert's data: `error` with a text, `panic`, `custom`, `empty`, or an
    /// EntryPoint's code such as `AA51`.
    #[metric(labels("entry_point_version", "paymaster", "class"))]
    operation_reverts_total: Counter<4>,
    /// What operations cost, in the chain's own currency, by who paid.
    #[metric(unit = "native", labels("entry_point_version", "paymaster"))]
    operation_cost_native_total: Counter<3>,
    /// Gas that operations were charged for, by who paid.
    #[metric(labels("entry_point_version", "paymaster"))]
    operation_gas_total: Counter<3>,
    /// Bundles executed: calls of `handleOps` that no operation made fail.
    #[metric(labels("entry_point_version"))]
    bundles_total: Counter<2>,
    /// Accounts that operations created, by their factory.
    #[metric(labels("entry_point_version", "factory"))]
    accounts_deployed_total: Counter<3>,
    /// Times that a paymaster's deposit was added to; by how much the event doesn't tell.
    #[metric(labels("entry_point_version", "paymaster"))]
    deposits_total: Counter<3>,
    /// What was taken out of a paymaster's deposit by withdrawals, in the chain's own currency.
    #[metric(unit = "native", labels("entry_point_version", "paymaster"))]
    withdrawn_native_total: Counter<3>,
    /// Number of the first block whose events are counted.
    first_counted_block_number: Gauge<1>,
    /// Number of the last block whose events are counted.
    last_counted_block_number: Gauge<1>,
    /// Settled blocks whose events are not counted yet, because a run counts a bounded number.
    uncounted_blocks: Gauge<1>,
    /// Reorganisations that replaced blocks that were counted: deeper than `depth`. What was counted stays.
    reorganisations_total: Counter<1>,
}

/// What a run counted.
#[derive(Default)]
pub(crate) struct Counted {
    operations: u64,
    last: Option<u64>,
    left: u64,
}

/// What the outcome of an operation is called.
#[derive(Debug, Clone, Copy)]
enum Outcome {
    Success,
    Reverted,
    PostOpReverted,
    PrefundTooLow,
}

impl Metrics {
    /// Makes the series visible whose events may come, so that the first one is seen as an increase.
    pub(crate) fn begin(&self, config: &Config, deposits: &Deposits) {
        let chain = config.chain.as_str();
        self.reorganisations_total.add([chain], 0);
        for version in deposits.versions() {
            let label = version.as_str();
            self.bundles_total.add([chain, label], 0);
            for factory in config.factories.names().chain([OTHER]) {
                self.accounts_deployed_total.add([chain, label, factory], 0);
            }
            let named: Vec<&str> = config.paymasters.of_version(version).map(|(name, _)| name).collect();
            for payer in named.iter().copied().chain([NONE, OTHER]) {
                for outcome in Outcome::ALL {
                    self.operations_total.add([chain, label, payer, outcome.as_str()], 0);
                }
                self.operation_cost_native_total.add([chain, label, payer], 0);
                self.operation_gas_total.add([chain, label, payer], 0);
            }
            for name in named {
                self.deposits_total.add([chain, label, name], 0);
                self.withdrawn_native_total.add([chain, label, name], 0);
            }
        }
    }

    /// Counts what settled since the last run.
    pub(crate) async fn count(&self, chain: &Chain, config: &Config) -> Result<Counted> {
        let filter = Filter {
            addresses: config.entry_points.addresses(),
            topics: vec![events::ALL.to_vec()],
            ..Filter::default()
        };
        let mut scan = chain
            .scan("operations", filter)
            .depth(config.depth.into())
            .first(First::Ago(config.first_blocks.into()))
            .most_blocks(config.max_blocks_per_run.into())
            .open()
            .await?;
        if scan.reorganised() {
            self.reorganisations_total.add([chain.name()], 1);
        }
        let mut counted = Counted::default();
        while let Some(chunk) = scan.next().await? {
            counted.operations += self.chunk(config, &chunk.logs)?;
        }
        (counted.last, counted.left) = (scan.settled(), scan.left());
        self.first_counted_block_number.set([chain.name()], scan.first_block());
        self.uncounted_blocks.set([chain.name()], counted.left);
        if let Some(last) = counted.last {
            self.last_counted_block_number.set([chain.name()], last);
        }
        scan.save().await?;
        Ok(counted)
    }

    /// Whole blocks: an operation's events are in one transaction, the one that ends it is their last.
    fn chunk(&self, config: &Config, logs: &[Log]) -> Result<u64> {
        let mut wrongs: BTreeMap<B256, Vec<Wrong>> = BTreeMap::new();
        let mut operations = 0;
        for log in logs {
            let Emitted { version, event } = Emitted::read(&config.entry_points, log)?;
            match event {
                Event::Wrong { operation, what } => wrongs.entry(operation).or_default().push(what),
                Event::Operation(operation) => {
                    let wrongs = wrongs.remove(&operation.hash).unwrap_or_default();
                    self.operation(config, version, &operation, &wrongs);
                    operations += 1;
                }
                other => self.other(config, version, other),
            }
        }
        Ok(operations)
    }

    fn operation(&self, config: &Config, version: Version, operation: &Operation, wrongs: &[Wrong]) {
        let payer = [config.chain.as_str(), version.as_str(), config.payer(operation.paymaster)];
        let [chain, version, paymaster] = payer;
        let (outcome, reason) = came_of(operation.success, wrongs);
        self.operations_total.add([chain, version, paymaster, outcome.as_str()], 1);
        if let Some(reason) = reason {
            self.operation_reverts_total.add([chain, version, paymaster, reason.as_str()], 1);
        }
        self.operation_cost_native_total.add(payer, config.decimals.native(operation.cost));
        self.operation_gas_total.add(payer, operation.gas);
    }

    fn other(&self, config: &Config, version: Version, event: Event) {
        let (chain, version) = (config.chain.as_str(), version.as_str());
        match event {
            Event::Bundle => self.bundles_total.add([chain, version], 1),
            Event::Deployed { factory } => {
                self.accounts_deployed_total.add([chain, version, config.factories.label(factory)], 1);
            }
            Event::Deposited { account } => {
                if let Some(name) = config.paymasters.name_of(account) {
                    self.deposits_total.add([chain, version, name], 1);
                }
            }
            Event::Withdrawn { account, amount } => {
                if let Some(name) = config.paymasters.name_of(account) {
                    self.withdrawn_native_total.add([chain, version, name], config.decimals.native(amount));
                }
            }
            Event::Operation(_) | Event::Wrong { .. } => {}
        }
    }
}

/// The outcome, and the class of the reason where there is one. The paymaster's failure undoes the call's events, so it comes first.
fn came_of(success: bool, wrongs: &[Wrong]) -> (Outcome, Option<Reason>) {
    let post = wrongs.iter().find_map(|wrong| if let Wrong::PostOp(reason) = wrong { Some(*reason) } else { None });
    let call = wrongs.iter().find_map(|wrong| if let Wrong::Call(reason) = wrong { Some(*reason) } else { None });
    match (success, post, call) {
        (true, ..) => (Outcome::Success, None),
        (false, Some(reason), _) => (Outcome::PostOpReverted, Some(reason)),
        (false, None, _) if wrongs.contains(&Wrong::Prefund) => (Outcome::PrefundTooLow, None),
        // A revert without data has no event of its own.
        (false, None, reason) => (Outcome::Reverted, Some(reason.unwrap_or(Reason::Empty))),
    }
}

impl Outcome {
    const ALL: [Self; 4] = [Self::Success, Self::Reverted, Self::PostOpReverted, Self::PrefundTooLow];

    fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Reverted => "reverted",
            Self::PostOpReverted => "postop_reverted",
            Self::PrefundTooLow => "prefund_too_low",
        }
    }
}

impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "operations counted: {}", self.operations)?;
        if let Some(last) = self.last {
            write!(f, ", up to block {last}")?;
        }
        if self.left > 0 {
            write!(f, ", blocks left for the next runs: {}", self.left)?;
        }
        Ok(())
    }
}
