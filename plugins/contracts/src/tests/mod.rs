//! The plugin as a whole against a node that is made up here: its runs, its metrics, its memory.

mod calls;
mod events;
mod fake;
mod tokens;

use watchkeeper_sdk::{log::Level, testing::Run};

/// How many lines of a level a run wrote.
fn lines(run: &Run, level: Level) -> usize {
    run.logs.iter().filter(|(of, _)| *of == level).count()
}

/// The one value that a series was given.
#[track_caller]
fn value(run: &Run, family: &str, labels: &[&str]) -> f64 {
    assert!(run.outcome.is_ok(), "{run:?}");
    match run.samples(family, labels)[..] {
        [value] => value,
        ref other => panic!("{family} {labels:?}: {other:?} of {run:?}"),
    }
}

/// That a series was given nothing.
#[track_caller]
fn absent(run: &Run, family: &str, labels: &[&str]) {
    assert_eq!(run.samples(family, labels), [0.0; 0], "{family} {labels:?}");
}
