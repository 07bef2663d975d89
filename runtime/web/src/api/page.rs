//! How much of a long list one answer holds.

use std::num::NonZeroU16;

use serde::{Deserialize, Deserializer, Serialize, de::Error};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr, Schema,
        schema::{ObjectBuilder, Type},
    },
};

/// The most entries of one answer: 1 to 500, and 50 unless told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Limit(NonZeroU16);

impl Limit {
    /// The largest.
    pub const MAX: Self = Self(NonZeroU16::new(500).unwrap());

    /// A limit, if it is one.
    pub fn new(limit: u16) -> Option<Self> {
        NonZeroU16::new(limit).map(Self).filter(|limit| limit.0 <= Self::MAX.0)
    }

    /// As a number of entries.
    pub fn get(self) -> usize {
        self.0.get().into()
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(const { NonZeroU16::new(50).unwrap() })
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let limit = u16::deserialize(deserializer)?;
        Self::new(limit).ok_or_else(|| D::Error::custom("a limit is 1 to 500"))
    }
}

impl PartialSchema for Limit {
    fn schema() -> RefOr<Schema> {
        let limit = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).maximum(Some(500));
        Schema::from(limit.default(Some(50.into())).build()).into()
    }
}

impl ToSchema for Limit {}
