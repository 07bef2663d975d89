//! Files change while the watch is kept.
