//! Payments in the units of their accounts, for people and programs. What was signed is left out: its bytes are money.

use watchkeeper_contract::AccountHealth;
use watchkeeper_ledger::{Inclusion, Payment, Reserved, Sender, SignedTransaction};
use watchkeeper_web::api::{Amount, InclusionInfo, PaymentSummary, ReservedInfo, TransactionInfo, Undecided};

/// The accounts whose currency and tokens are known. A payment finds its own by chain and address, which no configuration
/// renames; where there is none, its amounts are shown in the smallest unit.
pub(super) struct Purses<'a>(pub(super) &'a [AccountHealth]);

impl Purses<'_> {
    fn of(&self, sender: &Sender) -> Option<&AccountHealth> {
        let address = sender.address.to_string();
        let is_it = |known: &String| known.eq_ignore_ascii_case(&address);
        self.0.iter().find(|it| it.chain_id == sender.chain_id && it.address.as_ref().is_some_and(is_it))
    }

    /// What is paid.
    fn amount(&self, payment: &Payment, smallest: impl ToString) -> Amount {
        let (asset, smallest) = (&payment.intent.asset, smallest.to_string());
        match self.of(&payment.intent.sender).and_then(|health| decimals(health, asset)) {
            Some(decimals) => Amount::in_units(&smallest, asset, decimals),
            None => Amount::in_smallest(&smallest, asset),
        }
    }

    /// What a transaction costs or carries, in the chain's currency.
    fn native(&self, payment: &Payment, smallest: impl ToString) -> Amount {
        let smallest = smallest.to_string();
        let known = self.of(&payment.intent.sender).and_then(|it| Some((&it.symbol, decimals(it, &it.symbol)?)));
        match known {
            Some((symbol, decimals)) => Amount::in_units(&smallest, symbol, decimals),
            None => Amount::in_smallest(&smallest, "the chain's currency"),
        }
    }

    pub(super) fn summary(&self, payment: &Payment) -> PaymentSummary {
        let Payment { intent, included, undecided, .. } = payment;
        let hash = included.map(|inclusion| inclusion.hash).or(payment.hash);
        PaymentSummary {
            id: payment.id,
            account: intent.account.clone(),
            chain_id: intent.sender.chain_id,
            job: intent.job.clone(),
            run: intent.run,
            key: intent.key.as_str().into(),
            state: payment.state,
            undecided: undecided.as_ref().map(|(since, why)| Undecided { since: *since, why: why.as_str().into() }),
            reason: payment.reason.as_deref().map(Into::into),
            asset: intent.asset.as_str().into(),
            target: intent.target.as_str().into(),
            asked: self.amount(payment, intent.asked),
            amount: payment.reserved.as_ref().map(|reserved| self.amount(payment, reserved.amount)),
            fee: included.map(|inclusion| self.native(payment, inclusion.fee)),
            transaction: hash.map(|hash| hash.to_string().into()),
            block: included.map(|inclusion| inclusion.block_number),
            asked_at: intent.at,
            changed: payment.changed,
        }
    }

    pub(super) fn reserved(&self, payment: &Payment, reserved: &Reserved) -> ReservedInfo {
        ReservedInfo {
            at: reserved.at,
            to: reserved.to.to_string().into(),
            value: self.native(payment, reserved.value),
            data: reserved.data.to_string().into(),
            max_fee: self.native(payment, reserved.max_fee),
            block: reserved.block,
            reason: reserved.reason.as_str().into(),
        }
    }

    pub(super) fn transaction(&self, payment: &Payment, transaction: &SignedTransaction) -> TransactionInfo {
        let included = payment.included.filter(|inclusion| inclusion.hash == transaction.hash);
        TransactionInfo {
            hash: transaction.hash.to_string().into(),
            nonce: transaction.nonce,
            signed: transaction.at,
            max_fee_per_gas: transaction.max_fee_per_gas.to_string().into(),
            priority_fee_per_gas: transaction.priority_fee_per_gas.to_string().into(),
            gas_limit: transaction.gas_limit,
            included: included.map(|Inclusion { block_number, block_hash, success, fee, .. }| InclusionInfo {
                block: block_number,
                block_hash: block_hash.to_string().into(),
                success,
                fee: self.native(payment, fee),
            }),
        }
    }
}

/// An amount as its account tells it, with its symbol.
pub(super) fn written(health: &AccountHealth, text: &str, symbol: &str) -> Amount {
    Amount::written(text, decimals(health, symbol))
}

fn decimals(health: &AccountHealth, symbol: &str) -> Option<u8> {
    health.assets.iter().find(|(known, _)| known == symbol).map(|(_, decimals)| *decimals)
}

#[cfg(test)]
mod tests {
    use watchkeeper_ledger::{Inclusion, Intent, Payment, Reserved, Sender, SignedTransaction};
    use watchkeeper_model::{AccountName, Digest, JobName, PaymentState, RunId};

    use super::{AccountHealth, Purses, written};

    const ADDRESS: &str = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";

    fn account(chain_id: u64, address: &str) -> AccountHealth {
        AccountHealth {
            name: AccountName::new("funder").unwrap(),
            chain: "zkfair".to_owned(),
            chain_id,
            address: Some(address.to_owned()),
            signer: "keystore",
            symbol: "USDC".to_owned(),
            assets: vec![("USDC".to_owned(), 18), ("USDT".to_owned(), 6)],
            balance: None,
            block: None,
            read_at: None,
            budgets: Vec::new(),
            in_flight: 0,
            stopped: None,
            unexplained: None,
            unapproved: Vec::new(),
        }
    }

    /// 1.5 of a token with 6 decimals, with a fee of 0.002 of a currency with 18.
    fn payment() -> Payment {
        let at = jiff::Timestamp::UNIX_EPOCH;
        Payment {
            id: 17,
            intent: Intent {
                account: AccountName::new("funder").unwrap(),
                sender: Sender { chain_id: 42_766, address: ADDRESS.parse().unwrap() },
                job: JobName::new("topup").unwrap(),
                run: RunId::new(at, 1),
                key: "k".to_owned(),
                content: Digest::new([1; 32]),
                asset: "USDT".to_owned(),
                target: "0x01".to_owned(),
                asked: "2000000".parse().unwrap(),
                at,
            },
            state: PaymentState::Confirmed,
            changed: at,
            reason: None,
            undecided: None,
            reserved: Some(Reserved {
                at,
                to: ADDRESS.parse().unwrap(),
                value: "0".parse().unwrap(),
                data: vec![0xa9].into(),
                amount: "1500000".parse().unwrap(),
                max_fee: "50000000000000000".parse().unwrap(),
                block: 7,
                reason: "low".to_owned(),
            }),
            nonce: Some(3),
            included: Some(Inclusion {
                hash: [2; 32].into(),
                block_number: 8,
                block_hash: [3; 32].into(),
                success: true,
                fee: "2000000000000000".parse().unwrap(),
            }),
            transactions: 2,
            hash: Some([4; 32].into()),
        }
    }

    #[test]
    fn a_payment_finds_its_units_by_chain_and_address_whatever_its_account_is_called_now() {
        let renamed =
            AccountHealth { name: AccountName::new("other").unwrap(), ..account(42_766, &ADDRESS.to_lowercase()) };
        let healths = [account(1, ADDRESS), renamed];
        let shown = Purses(&healths).summary(&payment());
        assert_eq!((&*shown.asked.text, &*shown.amount.unwrap().text), ("2 USDT", "1.5 USDT"));
        assert_eq!(&*shown.fee.unwrap().text, "0.002 USDC");
        let included = format!("0x{}", "02".repeat(32));
        assert_eq!(shown.transaction.as_deref(), Some(included.as_str()), "the one in the block, not the last");
    }

    #[test]
    fn without_its_account_a_payment_is_counted_in_the_smallest_unit() {
        for healths in [Vec::new(), vec![account(1, ADDRESS)], vec![account(42_766, "0x01")]] {
            let shown = Purses(&healths).summary(&payment());
            assert_eq!(&*shown.amount.as_ref().unwrap().text, "1500000 of the smallest unit of USDT");
            assert_eq!(shown.amount.unwrap().smallest.as_deref(), Some("1500000"));
            assert_eq!(&*shown.fee.unwrap().text, "2000000000000000 of the smallest unit of the chain's currency");
        }
    }

    #[test]
    fn the_bytes_that_were_signed_are_not_shown() {
        let signed = |hash: u8| SignedTransaction {
            nonce: 3,
            hash: [hash; 32].into(),
            raw: vec![0xde, 0xad, 0xbe, 0xef].into(),
            max_fee_per_gas: "1000".parse().unwrap(),
            priority_fee_per_gas: "10".parse().unwrap(),
            gas_limit: 60_000,
            at: jiff::Timestamp::UNIX_EPOCH,
        };
        let (first, second) =
            (Purses(&[]).transaction(&payment(), &signed(1)), Purses(&[]).transaction(&payment(), &signed(2)));
        assert_eq!((first.included, second.included.as_ref().map(|it| it.block)), (None, Some(8)));
        let shown = serde_json::to_string(&second).unwrap();
        assert!(!shown.contains("deadbeef") && shown.contains(&"02".repeat(32)), "{shown}");
    }

    #[test]
    fn what_an_account_tells_is_read_back_exactly() {
        let account = account(1, ADDRESS);
        let smallest = |text, symbol| written(&account, text, symbol).smallest.map(|text| text.to_string());
        assert_eq!(smallest("1.25 USDT", "USDT").as_deref(), Some("1250000"));
        assert_eq!(smallest("0.000000000000000001 USDC", "USDC").as_deref(), Some("1"));
        assert_eq!(smallest("1 DAI", "DAI"), None);
    }
}
