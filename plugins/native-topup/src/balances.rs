//! What the addresses have, all of one block.

use watchkeeper_sdk::{
    chain,
    prelude::*,
    topup::{Held, Target, held},
};

use crate::{config::Config, plan::Plan};

#[derive(Metrics)]
#[metric(prefix = "topup", labels("chain", "account"))]
pub(crate) struct Metrics {
    /// What a target has of the chain's own currency as the run read it, before it paid.
    #[metric(unit = "native", labels("target"))]
    balance_native: Gauge<3>,
    /// Level below which it is filled up, in the chain's own currency.
    #[metric(unit = "native", labels("target"))]
    balance_threshold_native: Gauge<3>,
    /// What a target has of a token as the run read it, before it paid, in whole tokens.
    #[metric(unit = "token", labels("asset", "target"))]
    balance_token: Gauge<4>,
    /// Level below which it is filled up, in whole tokens.
    #[metric(unit = "token", labels("asset", "target"))]
    balance_threshold_token: Gauge<4>,
    /// What the account that pays holds of a token, in whole tokens; absent if it can't be read.
    #[metric(unit = "token", labels("asset"))]
    account_balance_token: Gauge<3>,
}

/// What was read.
pub(crate) struct Balances {
    pub(crate) header: Header,
    /// By the level's place.
    pub(crate) held: Vec<Result<U256, chain::Error>>,
    /// What the account has, by the token's place.
    own: Vec<Result<U256, chain::Error>>,
}

impl Balances {
    pub(crate) async fn read(chain: &Chain, wallet: &Wallet, plan: &Plan) -> Result<Self> {
        let payer = wallet.address()?;
        let own = plan.tokens.iter().map(|(contract, _)| Held::BalanceOf { contract: *contract, of: payer });
        let asked: Vec<Held> = plan.levels.iter().map(|level| level.held()).chain(own).collect();
        let (header, mut held) = held(chain, &asked).await?;
        let own = held.split_off(plan.levels.len().min(held.len()));
        Ok(Self { header, held, own })
    }
}

impl Metrics {
    /// Shows the balances that could be read, and makes targets of them.
    pub(crate) fn targets(&self, config: &Config, plan: &Plan, balances: &Balances) -> Vec<Target> {
        let (chain, account) = (config.chain.as_str(), config.account.as_str());
        for ((_, token), own) in plan.tokens.iter().zip(&balances.own) {
            match own {
                Ok(own) => self.account_balance_token.set([chain, account, &token.symbol], token.measure(*own)),
                Err(error) => warn!(asset = token.symbol, "what the account has can't be read: {error}"),
            }
        }
        let known =
            plan.levels.iter().zip(&balances.held).filter_map(|(level, held)| Some((level, *held.as_ref().ok()?)));
        let targets = known.map(|(level, held)| {
            let (name, currency) = (level.name.as_str(), &level.currency);
            let (has, below) = (currency.measure(held), currency.measure(level.below));
            if level.token.is_some() {
                self.balance_token.set([chain, account, &currency.symbol, name], has);
                self.balance_threshold_token.set([chain, account, &currency.symbol, name], below);
            } else {
                self.balance_native.set([chain, account, name], has);
                self.balance_threshold_native.set([chain, account, name], below);
            }
            Target {
                name: name.to_owned(),
                means: level.means(),
                address: level.address,
                currency: currency.clone(),
                held,
                below: level.below,
                up_to: level.up_to,
            }
        });
        targets.collect()
    }
}
