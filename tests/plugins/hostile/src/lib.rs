//! Every way in which a plugin that was compiled by honest tools can misbehave, one for each value of `mode`. What no
//! compiler makes stands in `tests/cases/hostile` as WebAssembly text.

mod describing;
mod flooding;
mod hoarding;
mod spinning;

use describing::Metrics;
use watchkeeper_sdk::prelude::*;

/// What the plugin does to its host.
#[config]
#[derive(Clone, Copy)]
#[serde(rename_all = "kebab-case")]
enum Mode {
    /// Never returns.
    EndlessLoop,
    /// Waits for an endpoint that never answers.
    BlockedHostCall,
    /// Begins 100,000 host calls and waits for none.
    CallsNotAwaited,
    /// Begins host calls and takes each back, without end.
    CallsTakenBack,
    /// Begins calls with arguments of 4 MiB.
    CallsWithHugeArguments,
    /// Says how far it is, without end.
    ProgressFlood,
    /// Takes memory without end.
    MemoryGrowth,
    /// Calls itself without end.
    DeepRecursion,
    /// Logs without end.
    LogFlood,
    /// One log line that is larger than any call may be.
    HugeString,
    /// Fails with a message of 4 MiB that holds terminal codes.
    HugeError,
    /// Emits without end.
    SampleFlood,
    /// Emits more series than a family may have.
    ManySeries,
    /// Emits labels of a megabyte.
    HugeLabels,
    /// Emits for a family that it never declared.
    WrongFamily,
    /// Panics while it runs.
    Panic,
    /// Panics when asked for its families.
    PanicInDescribe,
    /// Never says what its families are.
    EndlessDescribe,
    /// Declares a family for each number below 100,000.
    HugeDescribe,
}

#[config]
struct Config {
    /// What to do.
    mode: Mode,
}

#[plugin]
async fn run(config: Config, metrics: &Metrics) -> Result<String> {
    match config.mode {
        Mode::EndlessLoop | Mode::EndlessDescribe => spinning::spin(),
        Mode::BlockedHostCall => flooding::wait_for_silence().await,
        Mode::CallsNotAwaited => flooding::begin_calls(100_000).await,
        Mode::CallsTakenBack => flooding::take_calls_back().await,
        Mode::CallsWithHugeArguments => flooding::send_huge_arguments().await,
        Mode::ProgressFlood => flooding::progress(),
        Mode::LogFlood => flooding::log(),
        Mode::SampleFlood => flooding::emit(),
        Mode::MemoryGrowth => hoarding::grow(),
        Mode::HugeString => hoarding::say_much(),
        Mode::HugeError => hoarding::fail_hugely(),
        Mode::ManySeries => Ok(hoarding::many_series(metrics)),
        Mode::HugeLabels => Ok(hoarding::huge_labels(metrics)),
        Mode::WrongFamily => Ok(flooding::emit_for_no_family()),
        Mode::DeepRecursion => Ok(format!("reached {}", spinning::descend(0))),
        Mode::Panic | Mode::PanicInDescribe | Mode::HugeDescribe => spinning::panic_on_purpose(),
    }
}
