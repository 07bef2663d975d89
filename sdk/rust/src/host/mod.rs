//! The one door to the host. In a component it leads through the contract's imports; in a native build, where plugins run
//! their unit tests, to the [`testing`](crate::testing) host. Typed on both sides: nothing of the bindings leaves this module.

#[cfg(target_arch = "wasm32")]
mod component;
#[cfg(target_arch = "wasm32")]
mod component_backup;
#[cfg(target_arch = "wasm32")]
mod component_http;
#[cfg(target_arch = "wasm32")]
mod component_stream;
#[cfg(target_arch = "wasm32")]
mod component_wallet;
#[cfg(not(target_arch = "wasm32"))]
mod native;
#[cfg(not(target_arch = "wasm32"))]
mod native_backup;
#[cfg(not(target_arch = "wasm32"))]
mod native_wallet;

#[cfg(target_arch = "wasm32")]
pub(crate) use self::{
    component::*, component_backup::*, component_http::http, component_stream::*, component_wallet::*,
};
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use self::{native::*, native_backup::*, native_wallet::*};
