//! The artifacts capability: what jobs make, kept in stores that the operator named. A plugin says what is to be stored and whether its
//! producer ended well; the host stores it whole or not at all, reads it back, and deletes by the operator's policy alone. How an
//! artifact lies in a store is `watchkeeper-artifact-store`'s.
//!
//! A call travels so: `bindings` → `keeping` (the run's grant) → a task of the host's, which settles with the run → the store.

mod bindings;
mod fault;
mod feed;
mod grant;
mod keeping;
mod stores;
mod telemetry;

use wasmtime::component::Linker;
use watchkeeper_contract::{Capability, Run};

pub use fault::KeepError;
pub use keeping::{Asker, Keeping, Kept, Read, Wanted};
pub use stores::{OpenError, Stores};
pub use telemetry::ArtifactMetrics;

const NAME: &str = "artifacts";

/// The power to keep what a job makes.
#[derive(Debug, Clone, Copy)]
pub struct Artifacts;

impl Capability for Artifacts {
    fn name(&self) -> &'static str {
        NAME
    }

    fn package(&self) -> &'static str {
        "watchkeeper:artifacts"
    }

    fn power(&self) -> &'static str {
        "keep what it makes in an artifact store, and read it back"
    }

    fn example(&self) -> &'static str {
        r#"artifacts = { store = "NAME", write = true }"#
    }

    fn link(&self, linker: &mut Linker<Run>) -> wasmtime::Result<()> {
        bindings::link(linker)
    }
}
