//! An account of the test host: what it holds, what its policy leaves, and what comes of each payment, with the real host's rule for
//! keys: the same key and content has the same receipt or fate, another content is a conflict.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
};

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};

use crate::wallet::{Allowance, Error, Payment, Receipt};

/// An account that tests lend to a plugin. Clones are the same account, so that a test can look at it after a run.
///
/// ```
/// use watchkeeper_sdk::{alloy_primitives::{Address, U256}, testing::Account, wallet::Error};
///
/// let account = Account::new(Address::repeat_byte(1))
///     .holds(U256::from(100))
///     .left("USDC", "24h", U256::from(50))
///     .decides(|payment| match payment.value > U256::from(20) {
///         true => Err(Error::OverBudget("at most 20".into())),
///         false => Ok(payment.value),
///     });
/// assert!(account.asked().is_empty());
/// ```
#[derive(Clone)]
pub struct Account(Rc<Inner>);

struct Inner {
    address: Address,
    balance: RefCell<Result<U256, Error>>,
    allowances: RefCell<Result<Vec<Allowance>, Error>>,
    decide: RefCell<Decide>,
    asked: RefCell<Vec<Payment>>,
    journal: RefCell<BTreeMap<String, Entry>>,
    block: Cell<u64>,
}

/// A payment to the amount that is paid.
type Decide = Box<dyn Fn(&Payment) -> Result<U256, Error>>;

/// A key that is used up, or whose payment is under way.
struct Entry {
    content: (Address, U256, Bytes),
    fate: Result<Receipt, Error>,
}

impl Account {
    /// An account that holds nothing, whose policy limits nothing, and which pays whatever it is asked for: the amount of
    /// an ERC-20 transfer where the payment is one, else the value.
    pub fn new(address: Address) -> Self {
        Self(Rc::new(Inner {
            address,
            balance: RefCell::new(Ok(U256::ZERO)),
            allowances: RefCell::new(Ok(Vec::new())),
            decide: RefCell::new(Box::new(|payment| Ok(amount(payment)))),
            asked: RefCell::default(),
            journal: RefCell::default(),
            block: Cell::new(1),
        }))
    }

    /// What it holds of the chain's currency.
    #[must_use]
    pub fn holds(self, balance: U256) -> Self {
        *self.0.balance.borrow_mut() = Ok(balance);
        self
    }

    /// What the policy leaves of an asset over a window, in place of what was said of it before.
    #[must_use]
    pub fn left(self, asset: &str, window: &str, left: U256) -> Self {
        if let Ok(allowances) = &mut *self.0.allowances.borrow_mut() {
            allowances.retain(|allowance| (allowance.asset.as_str(), allowance.window.as_str()) != (asset, window));
            allowances.push(Allowance { asset: asset.to_owned(), window: window.to_owned(), left });
        }
        self
    }

    /// Has balance and allowances answer with an error.
    #[must_use]
    pub fn fails(self, error: &Error) -> Self {
        *self.0.balance.borrow_mut() = Err(error.clone());
        *self.0.allowances.borrow_mut() = Err(error.clone());
        self
    }

    /// Decides about payments whose key is free: the amount that is paid, or why not. A key stays free after an error of which
    /// nothing was signed.
    #[must_use]
    pub fn decides(self, decide: impl Fn(&Payment) -> Result<U256, Error> + 'static) -> Self {
        *self.0.decide.borrow_mut() = Box::new(decide);
        self
    }

    /// Says what became of a payment that was undecided.
    pub fn settle(&self, key: &str, fate: Result<U256, Error>) {
        let fate = fate.map(|amount| self.receipt(key, amount));
        if let Some(entry) = self.0.journal.borrow_mut().get_mut(key) {
            entry.fate = fate;
        }
    }

    /// Every payment that was asked for, in order, whatever came of it.
    pub fn asked(&self) -> Vec<Payment> {
        self.0.asked.borrow().clone()
    }

    pub(crate) fn address(&self) -> Address {
        self.0.address
    }

    pub(crate) fn balance(&self) -> Result<U256, Error> {
        self.0.balance.borrow().clone()
    }

    pub(crate) fn allowances(&self) -> Result<Vec<Allowance>, Error> {
        self.0.allowances.borrow().clone()
    }

    /// Hears what is asked for, before it decides.
    pub(crate) fn hear(&self, payment: &Payment) {
        self.0.asked.borrow_mut().push(payment.clone());
    }

    pub(crate) fn pay(&self, payment: Payment) -> Result<Receipt, Error> {
        let Payment { key, to, value, data } = payment.clone();
        let content = (to, value, data);
        if let Some(entry) = self.0.journal.borrow().get(&key) {
            let conflict = || Error::Conflict(format!("key `{key}` was used for another payment"));
            return if entry.content == content { entry.again() } else { Err(conflict()) };
        }
        let decided = (self.0.decide.borrow())(&payment);
        let fate = decided.map(|amount| self.receipt(&key, amount));
        if !matches!(&fate, Err(error) if leaves_the_key(error)) {
            self.0.journal.borrow_mut().insert(key, Entry { content, fate: fate.clone() });
        }
        fate
    }

    pub(crate) fn find(&self, key: &str) -> Result<Option<Receipt>, Error> {
        self.0.journal.borrow().get(key).map(Entry::again).transpose()
    }

    fn receipt(&self, key: &str, amount: U256) -> Receipt {
        let block_number = self.0.block.get();
        self.0.block.set(block_number + 1);
        let transaction_hash: B256 = keccak256(key);
        Receipt { transaction_hash, block_number, amount, fee: U256::ONE, repeated: false, confirmed: true }
    }
}

impl Entry {
    fn again(&self) -> Result<Receipt, Error> {
        self.fate.clone().map(|receipt| Receipt { repeated: true, ..receipt })
    }
}

/// Whether nothing was signed.
fn leaves_the_key(error: &Error) -> bool {
    !matches!(error, Error::Indeterminate(_) | Error::Reverted(_) | Error::Other(..))
}

/// What a payment is of, as `transfer(address,uint256)` has it in its second word.
fn amount(payment: &Payment) -> U256 {
    match payment.data.last_chunk::<32>() {
        Some(word) if payment.value.is_zero() => U256::from_be_bytes(*word),
        _ => payment.value,
    }
}
