//! Never coming back: loops, recursion, panics.

use std::hint::black_box;

pub(crate) fn spin() -> ! {
    loop {
        black_box(());
    }
}

#[inline(never)]
#[expect(unconditional_recursion, reason = "the host must end it")]
pub(crate) fn descend(depth: u64) -> u64 {
    black_box(descend(black_box(depth) + 1)) + 1
}

#[inline(never)]
#[expect(clippy::panic, reason = "the host must show it")]
pub(crate) fn panic_on_purpose() -> ! {
    panic!("the cargo is on fire")
}
