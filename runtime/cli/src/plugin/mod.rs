//! `watchkeeper plugin`: what authors need beside an editor.

mod build;
mod docs;
mod inspect;
mod new;
mod toolchain;

pub(crate) use build::build;
pub(crate) use docs::docs;
pub(crate) use inspect::inspect;
pub(crate) use new::new;
