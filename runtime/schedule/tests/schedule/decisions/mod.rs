//! What is decided about due times: a table of single decisions, and what holds of any number of them in a row.

mod invariants;
mod table;
mod text;
