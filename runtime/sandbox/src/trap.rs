//! Turns the end of a guest into an outcome and one line for people: the panic's own text and the plugin's function
//! names, never a bare "wasm trap".

use wasmtime::{Error, Trap, WasmBacktrace};
use watchkeeper_contract::{Budget, Emitted, LimitExceeded, bindings::watchkeeper::plugin::types, clean};
use watchkeeper_model::{Failure, FailureKind, Outcome};

use crate::instance::{HANDLES, HOST_CALL_BYTES};

const MESSAGE: usize = 1_000;
const FRAMES: usize = 6;
/// The engine's words for limits that it enforces itself; it gives no type.
const HANDLES_FULL: &str = "store handle limit exceeded";
const CALL_TOO_LARGE: &str = "fuel allocated for hostcalls has been exhausted";

/// What the plugin itself said of its failure.
pub(crate) fn failure(failure: types::Failure) -> Failure {
    let (kind, message) = match failure {
        types::Failure::InvalidConfig(message) => (FailureKind::InvalidConfig, message),
        types::Failure::Unavailable(message) => (FailureKind::Unavailable, message),
        types::Failure::Denied(message) => (FailureKind::Denied, message),
        types::Failure::Indeterminate(message) => (FailureKind::Indeterminate, message),
        types::Failure::Failed(message) => (FailureKind::Failed, message),
        types::Failure::Other((kind, message)) => (FailureKind::Failed, format!("{kind}: {message}")),
    };
    Failure { kind, message: clean(&message, MESSAGE) }
}

/// Why an instance stopped before it answered.
pub(crate) fn stopped(error: &Error, budget: &Budget, emitted: &Emitted) -> (Outcome, String) {
    if let Some(limit) = budget.exceeded().or_else(|| error.downcast_ref::<LimitExceeded>()) {
        return (Outcome::Limit, limit.to_string());
    }
    let place = frames(error);
    if let Some(panic) = &emitted.panic {
        return (Outcome::Trap, format!("panicked: {panic}{place}"));
    }
    let said = clean(&error.root_cause().to_string(), MESSAGE);
    if let Some(limit) = limit_of_engine(&said, &place) {
        return (Outcome::Limit, limit);
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::StackOverflow) => (Outcome::Limit, format!("went too deep: its call stack is full{place}")),
        Some(trap) => (Outcome::Trap, format!("trapped: {}{place}", describe(*trap))),
        None => (Outcome::Trap, format!("{said}{place}")),
    }
}

/// Which limit the engine met, and what to do.
fn limit_of_engine(said: &str, place: &str) -> Option<String> {
    if said.contains(HANDLES_FULL) {
        let what = "handles: calls, streams, resources";
        return Some(format!("held more than {HANDLES} {what}{place}\nhint: await or drop some of them first"));
    }
    let most = HOST_CALL_BYTES >> 20;
    said.contains(CALL_TOO_LARGE)
        .then(|| format!("handed over more than {most} MiB in one host call{place}\nhint: hand it over in parts"))
}

/// The trap in the engine's words, without its "wasm trap: ".
fn describe(trap: Trap) -> String {
    let text = trap.to_string();
    text.strip_prefix("wasm trap: ").unwrap_or(&text).to_owned()
}

/// The plugin's innermost functions, as ` (in a < b < c)`. Runtime support that every Rust panic passes is left out.
fn frames(error: &Error) -> String {
    let Some(backtrace) = error.downcast_ref::<WasmBacktrace>() else { return String::new() };
    let names: Vec<String> = backtrace
        .frames()
        .iter()
        .filter_map(|frame| frame.func_name())
        .map(|name| format!("{:#}", rustc_demangle::demangle(name)))
        .filter(|name| !is_support(name))
        .take(FRAMES)
        .map(|name| clean(&name, 120))
        .collect();
    if names.is_empty() { String::new() } else { format!(" (in {})", names.join(" < ")) }
}

fn is_support(name: &str) -> bool {
    let own = name.trim_start_matches('<');
    ["std::", "core::", "alloc::", "__rust", "rust_begin_unwind", "rust_panic", "wit_bindgen", "futures_"]
        .iter()
        .any(|prefix| own.starts_with(prefix))
}
