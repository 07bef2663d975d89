//! The pages and endpoints of a running process.
