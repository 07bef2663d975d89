//! `watchkeeper backup`: what jobs stored is listed, read back, restored and deleted with nothing but the program, the store and the
//! key. The artifacts of these tests are written by the store's own room; what people read is kept in `snapshots/`, and `BLESS=1` writes
//! it anew.

mod by_hand;
mod looking;
mod pruning;
mod restoring;
mod shelf;
mod unpacking;
mod verifying;
