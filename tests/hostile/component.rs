//! The component of a case: built by cargo, assembled from WebAssembly text, or made here in a fixed shape.

use std::{fs, path::Path};

use super::case::{Case, Made};
use crate::support::programs;

const FRAME: &str = include_str!("frame.wat");
const SCHEMA: &str = r#"{"name": "hand-made", "version": "0.1.0", "config": {"type": "object"}}"#;

/// The bytes of the case's plugin.
pub(super) fn of(case: &Case) -> Vec<u8> {
    match case.expected.made {
        Some(Made::Explosive) => assemble(&framed(&explosive(1000, 4000))),
        Some(Made::Truncated) => {
            let whole = built();
            whole[..whole.len() / 2].to_vec()
        }
        None => match (text(&case.folder.join("component.wat")), text(&case.folder.join("case.wat"))) {
            (Some(component), _) => assemble(&component),
            (None, Some(inner)) => assemble(&framed(&inner)),
            (None, None) => built(),
        },
    }
}

fn built() -> Vec<u8> {
    fs::read(programs::component("hostile")).expect("a built component")
}

fn text(path: &Path) -> Option<String> {
    path.exists().then(|| fs::read_to_string(path).expect("text"))
}

fn assemble(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap_or_else(|error| panic!("{error}"))
}

fn framed(inner: &str) -> String {
    let length = u32::try_from(SCHEMA.len()).expect("a short schema").to_le_bytes();
    FRAME
        .replace("{{SCHEMA-LENGTH}}", &escaped(&length))
        .replace("{{SCHEMA}}", &escaped(SCHEMA.as_bytes()))
        .replace("{{CASE}}", inner)
}

fn escaped(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("\\{byte:02x}")).collect()
}

/// Loops within each other, and in the innermost a change of each local: a compiler that wants to know where each value
/// comes from keeps one for each pair of loop and local.
fn explosive(loops: usize, locals: usize) -> String {
    let changes: String =
        (0..locals).map(|l| format!("(local.set {l} (i32.add (local.get {l}) (i32.const 1)))")).collect();
    format!(
        "(core module $case (func (export \"run\") (result i32) (local {}) {} {changes} {} {} (i32.const 2048)))
         (core instance $case (instantiate $case))",
        "i32 ".repeat(locals),
        "(loop ".repeat(loops),
        (0..5).map(|depth| format!("(br_if {depth} (local.get {depth}))")).collect::<String>(),
        ")".repeat(loops),
    )
}
