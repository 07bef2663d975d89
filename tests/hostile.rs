//! Plugins that misbehave harm only themselves.
