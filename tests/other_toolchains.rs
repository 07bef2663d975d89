//! Components that other toolchains built.
