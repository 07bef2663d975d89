//! What wit-bindgen generates from the contract in `wit/`. Hidden: plugins meet the contract through the typed modules
//! beside this one, and through [`plugin`](mod@crate::plugin), which fills in the exports.
//!
//! `wit` is a link to the repository's folder of that name, so that a packaged SDK carries the contract's text with it.
#![allow(unsafe_code, missing_docs, unreachable_pub, reason = "generated")]

wit_bindgen::generate!({
    path: "wit",
    world: "plugin",
    pub_export_macro: true,
    generate_all,
});

/// The world of plugins that ask over HTTP. Apart, so that the exports' world doesn't have it.
pub mod http {
    wit_bindgen::generate!({
        path: "wit",
        world: "http",
        generate_all,
    });
}

/// The world of plugins that pay. Apart for the same reason.
pub mod wallet {
    wit_bindgen::generate!({
        path: "wit",
        world: "wallet",
        generate_all,
    });
}

/// The world of plugins that make or prove backups. Apart for the same reason.
pub mod backup {
    wit_bindgen::generate!({
        path: "wit",
        world: "backup",
        generate_all,
    });
}

/// The time of day, for plugins that ask for it.
pub mod clock {
    wit_bindgen::generate!({
        path: "src/clock.wit",
        world: "clock",
        generate_all,
    });
}
