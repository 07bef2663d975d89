//! What keys that are left out stand for.

pub(super) fn depth() -> u64 {
    12
}

pub(super) fn max_blocks_per_run() -> u64 {
    50_000
}
