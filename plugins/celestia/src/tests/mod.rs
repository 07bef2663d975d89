//! The whole plugin, run by the test host against the stand-in for a node that the end-to-end tests use too.

mod answers;
mod fake;
#[path = "../../../../tests/stand_ins/celestia/model/mod.rs"]
#[allow(dead_code, reason = "each user of the stand-in needs another part of it")]
mod model;
mod square;
mod submissions;
