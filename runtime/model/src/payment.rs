//! A payment's way through the journal, and the windows that spending is counted over.

use std::{fmt, str::FromStr};

/// Where a payment stands. It is written before each step that leaves the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PaymentState {
    /// A job asked for it. Nothing is reserved.
    Intended,
    /// The policy, the condition or the chain said no before anything was signed; its reservation, if there was one, is
    /// given back. The same key may ask again.
    Refused,
    /// It counts against every cap from here on.
    Reserved,
    /// Its bytes, hash and nonce are kept; nobody has seen them yet.
    Signed,
    /// It was handed to a node.
    Broadcast,
    /// A block has it that may still be replaced.
    Included,
    /// It is as deep as the account wants, and succeeded.
    Confirmed,
    /// It is as deep as the account wants, and reverted: the fee is spent, the amount is not.
    Reverted,
    /// Another transaction has provably used its nonce: it was not paid and never will be.
    Abandoned,
}

impl PaymentState {
    /// All of them, in their order.
    pub const ALL: [Self; 9] = [
        Self::Intended,
        Self::Refused,
        Self::Reserved,
        Self::Signed,
        Self::Broadcast,
        Self::Included,
        Self::Confirmed,
        Self::Reverted,
        Self::Abandoned,
    ];

    /// As the journal, metrics and people have it: `intended`, `refused` …
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Intended => "intended",
            Self::Refused => "refused",
            Self::Reserved => "reserved",
            Self::Signed => "signed",
            Self::Broadcast => "broadcast",
            Self::Included => "included",
            Self::Confirmed => "confirmed",
            Self::Reverted => "reverted",
            Self::Abandoned => "abandoned",
        }
    }

    /// Whether nothing will change it any more, short of asking again after a refusal.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Refused | Self::Confirmed | Self::Reverted | Self::Abandoned)
    }

    /// Whether its signed bytes exist and its fate is open: no other payment to its target may begin.
    pub const fn is_in_flight(self) -> bool {
        matches!(self, Self::Reserved | Self::Signed | Self::Broadcast | Self::Included)
    }
}

impl fmt::Display for PaymentState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that is no [`PaymentState`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a state of a payment")]
pub struct UnknownState;

impl FromStr for PaymentState {
    type Err = UnknownState;

    fn from_str(text: &str) -> Result<Self, UnknownState> {
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or(UnknownState)
    }
}

impl serde::Serialize for PaymentState {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// What a cap counts over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Window {
    /// One payment.
    Payment,
    /// The last 24 hours.
    Day,
    /// The last 7 days.
    Week,
    /// All there ever was.
    Lifetime,
}

impl Window {
    /// All of them, the shortest first.
    pub const ALL: [Self; 4] = [Self::Payment, Self::Day, Self::Week, Self::Lifetime];

    /// As the contract, metrics and people have it: `payment`, `24h`, `7d`, `lifetime`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Payment => "payment",
            Self::Day => "24h",
            Self::Week => "7d",
            Self::Lifetime => "lifetime",
        }
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
