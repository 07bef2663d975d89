//! The plugin as a whole against a rollup that is made up here: its run, its metrics, its memory.

mod fake;
mod l1;
mod l2;
