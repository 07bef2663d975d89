//! What wasmtime generates from `wit/`: the only place where the contract becomes Rust types on the host's side.
//! A second, blocking binding of the same contract would stand beside this one; host implementations therefore live
//! in plain functions of their capability, and the traits here only call them.
#![allow(missing_docs, reason = "generated; the documentation is in wit/")]

wasmtime::component::bindgen!({
    path: "../../wit",
    world: "plugin",
    imports: { default: trappable },
    exports: { default: async },
});

/// The world of plugins that pay.
pub mod wallet {
    wasmtime::component::bindgen!({
        path: "../../wit",
        world: "wallet",
        imports: { default: trappable },
    });
}

/// The world of plugins that make or prove backups.
pub mod backup {
    wasmtime::component::bindgen!({
        path: "../../wit",
        world: "backup",
        imports: { default: trappable },
    });
}
