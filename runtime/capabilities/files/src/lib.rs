//! The files capability: trees that the operator named, read as a tar stream that the host makes. Nothing here writes a
//! file, follows a link below a tree's root, or knows where the bytes go.
//!
//! A call travels so: `bindings` → `reader` (the run's grant) → a thread of the host's that may block → `walk` (what
//! lies in the tree, each step from an open folder to a name in it) → `archive` (headers and contents as tar) →
//! `pieces` (the stream).
//!
//! What is in an archive: folders, regular files and symbolic links below the folder that was asked for, sorted, with
//! mode, owner and group as numbers and the time of change in whole seconds; not the folder itself. A file with several
//! names is there once for each, a hole in a file is zeros, and another file system that is mounted inside belongs to
//! the tree. Extended attributes and access control lists are not kept.

mod archive;
mod bindings;
mod changed;
mod fault;
mod folder;
mod grant;
mod pack;
mod pieces;
mod reader;
mod telemetry;
mod trees;
mod walk;

use wasmtime::component::Linker;
use watchkeeper_contract::{Capability, Run};

pub use fault::FilesFault;
pub use pack::Packed;
pub use reader::{Packing, TreeReader};
pub use telemetry::FilesMetrics;
pub use trees::Trees;

const NAME: &str = "files";

/// The power to read trees of files.
#[derive(Debug, Clone, Copy)]
pub struct Files;

impl Capability for Files {
    fn name(&self) -> &'static str {
        NAME
    }

    fn package(&self) -> &'static str {
        "watchkeeper:files"
    }

    fn power(&self) -> &'static str {
        "read named trees of files"
    }

    fn example(&self) -> &'static str {
        r#"files = ["NAME"]"#
    }

    fn link(&self, linker: &mut Linker<Run>) -> wasmtime::Result<()> {
        bindings::link(linker)
    }
}
