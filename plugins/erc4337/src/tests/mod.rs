//! The plugin as a whole against a chain that is made up here.

mod readme;
