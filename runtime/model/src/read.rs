//! Reading the words back from what they print: for programs that read what another one wrote.

use std::{fmt, marker::PhantomData, str::FromStr};

use serde::{
    Deserialize, Deserializer,
    de::{Error, Visitor},
};

use crate::{AccountName, Digest, JobName, Outcome, PaymentState, PluginName, RunId, SkipReason};

macro_rules! read_from_text {
    ($($type:ty),*) => {$(
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str(Printed(PhantomData))
            }
        }
    )*};
}

read_from_text!(AccountName, Digest, JobName, Outcome, PaymentState, PluginName, RunId, SkipReason);

/// The text of a `T`, as `Display` prints it.
struct Printed<T>(PhantomData<T>);

impl<T: FromStr<Err: fmt::Display>> Visitor<'_> for Printed<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }
}
