//! Reads what a component asks for and offers, before anything is compiled: an import is a request for power.

use std::{collections::BTreeSet, sync::Arc};

use sha2::{Digest as _, Sha256};
use wasmparser::{Encoding, Parser, Payload};
use watchkeeper_contract::Capability;
use watchkeeper_model::Digest;

/// The exported interface that makes a component a plugin.
const JOB: &str = "watchkeeper:plugin/job@0.1.0";

/// Packages, or interfaces, whose import gives no power, and why.
const INERT: [(&str, &str); 10] = [
    ("watchkeeper:plugin/context", "what the run is told of itself"),
    ("watchkeeper:plugin/log", "lines in the run's log, bounded"),
    ("watchkeeper:plugin/metrics", "samples of declared families, bounded"),
    ("watchkeeper:plugin/types", "types only"),
    ("wasi:cli", "no arguments, no environment; standard error ends in the run's log"),
    ("wasi:clocks", "the time"),
    ("wasi:filesystem", "no folder is open"),
    ("wasi:io", "streams and polling of the others"),
    ("wasi:random", "random numbers"),
    ("wasi:sockets", "every address is denied"),
];

/// The table of imports that need no grant: prefix, and what is behind it.
pub fn inert_imports() -> &'static [(&'static str, &'static str)] {
    &INERT
}

/// A component's bytes, read once, and what it asks for. Not compiled, not trusted.
#[derive(Debug, Clone)]
pub struct Component {
    /// The bytes that the digest names, that are compiled and that run.
    pub bytes: Arc<[u8]>,
    /// SHA-256 of the bytes.
    pub digest: Digest,
    /// In the order of the file.
    pub imports: Vec<Import>,
}

/// One import of a component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// As the component writes it, `watchkeeper:chain/chain@0.1.0`.
    pub name: String,
    /// The capability that a job must grant for it; none if it gives no power.
    pub capability: Option<&'static str>,
}

/// Why a component is not loaded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// A core module.
    #[error("is a core WebAssembly module, not a component\nhint: make it one with `watchkeeper plugin build`")]
    CoreModule,
    /// Not WebAssembly, or cut short.
    #[error("is not a valid WebAssembly component: {0}\nhint: it may be truncated; build or copy it again")]
    Malformed(String),
    /// It isn't a plugin.
    #[error("does not export `{JOB}`\nhint: build it with the plugin SDK of this version")]
    NoJob,
    /// An import that no capability of this host serves.
    #[error(
        "imports `{0}`, which this version of watchkeeper does not have\nhint: build it for this version's contract"
    )]
    UnknownImport(String),
    /// An import that the job wasn't granted.
    #[error("imports `{import}`, but the job grants no `{capability}`\nhint: add `{example}` under `[grants]`")]
    NotGranted {
        /// The import.
        import: String,
        /// The key under `[grants]`.
        capability: &'static str,
        /// A line that grants it.
        example: &'static str,
    },
}

impl Component {
    /// Reads the outermost level of a component. Costs one pass over the section headers.
    ///
    /// # Errors
    /// [`Refused`], except for what only a job's grants decide.
    pub fn read(bytes: Vec<u8>, capabilities: &[Arc<dyn Capability>]) -> Result<Self, Refused> {
        let (imports, exports) = outline(&bytes)?;
        if !exports.contains(JOB) {
            return Err(Refused::NoJob);
        }
        let imports = imports.into_iter().map(|name| classify(name, capabilities)).collect::<Result<_, _>>()?;
        let digest = Digest::new(Sha256::digest(&bytes).into());
        Ok(Self { bytes: bytes.into(), digest, imports })
    }

    /// Whether a job that grants the named capabilities covers all imports.
    ///
    /// # Errors
    /// [`Refused::NotGranted`] for the first import that isn't covered.
    pub fn check_grants(&self, granted: &BTreeSet<&str>, all: &[Arc<dyn Capability>]) -> Result<(), Refused> {
        let missing = |import: &&Import| import.capability.is_some_and(|name| !granted.contains(name));
        let Some(import) = self.imports.iter().find(missing) else { return Ok(()) };
        let capability = import.capability.unwrap_or_default();
        let example = all.iter().find(|c| c.name() == capability).map_or("", |c| c.example());
        Err(Refused::NotGranted { import: import.name.clone(), capability, example })
    }
}

fn classify(name: String, capabilities: &[Arc<dyn Capability>]) -> Result<Import, Refused> {
    let interface = name.split('@').next().unwrap_or_default();
    let package = interface.split('/').next().unwrap_or_default();
    if inert_imports().iter().any(|(inert, _)| *inert == package || *inert == interface) {
        return Ok(Import { name, capability: None });
    }
    match capabilities.iter().find(|capability| capability.package() == package) {
        Some(capability) => Ok(Import { capability: Some(capability.name()), name }),
        None => Err(Refused::UnknownImport(watchkeeper_contract::clean(&name, 200))),
    }
}

/// Names of the imports and exports of the outermost component.
fn outline(bytes: &[u8]) -> Result<(Vec<String>, BTreeSet<String>), Refused> {
    let malformed = |error: wasmparser::BinaryReaderError| Refused::Malformed(first_line(error.message()));
    let mut imports = Vec::new();
    let mut exports = BTreeSet::new();
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.map_err(malformed)? {
            Payload::Version { encoding: Encoding::Module, .. } if depth == 0 => return Err(Refused::CoreModule),
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    imports.push(import.map_err(malformed)?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                for export in section {
                    exports.insert(export.map_err(malformed)?.name.name.to_owned());
                }
            }
            _ => {}
        }
    }
    Ok((imports, exports))
}

/// wasmparser shows the bytes that it found on further lines.
fn first_line(message: &str) -> String {
    message.lines().next().unwrap_or_default().split(" - expected").next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(wat: &str) -> Refused {
        Component::read(wat::parse_str(wat).unwrap(), &[]).unwrap_err()
    }

    #[test]
    fn a_core_module_is_told_apart() {
        assert_eq!(refused("(module)"), Refused::CoreModule);
    }

    #[test]
    fn a_component_without_the_job_interface_is_no_plugin() {
        assert_eq!(refused("(component)"), Refused::NoJob);
    }

    #[test]
    fn a_nested_components_imports_are_not_its_own() {
        let nested = r#"(component (component (import "wasi:http/client@0.3.0" (instance))))"#;
        assert_eq!(refused(nested), Refused::NoJob);
    }

    #[test]
    fn what_no_capability_serves_is_refused() {
        let error = classify("wasi:http/client@0.3.0".into(), &[]).unwrap_err();
        assert_eq!(error, Refused::UnknownImport("wasi:http/client@0.3.0".into()));
        assert!(classify("watchkeeper:plugin/wallet@0.1.0".into(), &[]).is_err());
    }

    #[test]
    fn inert_imports_need_no_grant() {
        for name in ["wasi:cli/environment@0.2.9", "wasi:clocks/system-clock@0.3.0", "watchkeeper:plugin/log@0.1.0"] {
            assert_eq!(classify(name.into(), &[]).unwrap().capability, None);
        }
    }

    #[test]
    fn anything_cut_short_is_malformed() {
        let whole = wat::parse_str(r#"(component (import "a" (instance)))"#).unwrap();
        for end in 1..whole.len() {
            let error = Component::read(whole[..end].to_vec(), &[]).unwrap_err();
            assert!(matches!(error, Refused::Malformed(_) | Refused::NoJob), "{end}: {error}");
        }
    }
}
