//! The plugin as a whole against a node that is made up here: its run, its metrics, its memory.

mod blocks;
mod fake;
mod gaps;
