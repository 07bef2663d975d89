//! Files change while the watch is kept: what is right replaces what runs, what is wrong shows and changes nothing, and
//! nobody else notices.

mod case;
mod cases;
mod drain;
mod noticing;
mod swaps;
