//! Log lines, kept with the run and bounded by the host. Use the macros [`info!`](crate::info) and its siblings.

use crate::host;

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Finest.
    Trace,
    /// For the plugin's author.
    Debug,
    /// For the operator.
    Info,
    /// Something to look at.
    Warn,
    /// Something failed.
    Error,
}

/// Writes one line with named values.
pub fn write(level: Level, message: &str, fields: Vec<(String, String)>) {
    host::log(level, message, fields);
}

/// Writes a line: named values first, then what `format!` takes.
///
/// ```
/// let head = 100;
/// watchkeeper_sdk::log!(watchkeeper_sdk::log::Level::Info, chain = "dev", blocks = 12, "counted up to {head}");
/// ```
#[macro_export]
macro_rules! log {
    ($level:expr, $($name:ident = $value:expr,)* $message:literal $($arguments:tt)*) => {
        $crate::log::write(
            $level,
            &::std::format!($message $($arguments)*),
            ::std::vec![$((::std::string::String::from(::core::stringify!($name)), ::std::format!("{}", $value))),*],
        )
    };
}

/// Writes a line for the plugin's author; named values first, then what `format!` takes.
#[macro_export]
macro_rules! debug {
    ($($line:tt)+) => { $crate::log!($crate::log::Level::Debug, $($line)+) };
}

/// Writes a line for the operator; named values first, then what `format!` takes.
#[macro_export]
macro_rules! info {
    ($($line:tt)+) => { $crate::log!($crate::log::Level::Info, $($line)+) };
}

/// Writes a line about something to look at; named values first, then what `format!` takes.
#[macro_export]
macro_rules! warn {
    ($($line:tt)+) => { $crate::log!($crate::log::Level::Warn, $($line)+) };
}

/// Writes a line about something that failed; named values first, then what `format!` takes.
#[macro_export]
macro_rules! error {
    ($($line:tt)+) => { $crate::log!($crate::log::Level::Error, $($line)+) };
}
