//! The machine's shape, without its name: figures from elsewhere are not comparable, and readers must see that.

use std::{fs, path::Path};

use anyhow::{Context, Result};

/// Processors, memory, system.
pub(crate) fn shape() -> String {
    let cpu = field("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown processor".to_owned());
    let memory = field("/proc/meminfo", "MemTotal").and_then(|text| kib(&text)).map_or(0, |kib| kib >> 20);
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let system = release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME=")).unwrap_or(std::env::consts::OS);
    let system = system.trim_matches('"');
    format!("{} cores ({cpu}), {memory} GiB of memory, {system}", cores())
}

/// Processors that this process may use.
pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// Resident memory of a process, in KiB.
///
/// # Errors
/// The process is gone, or the system has no `/proc`.
pub(crate) fn resident(pid: u32) -> Result<u64> {
    let path = format!("/proc/{pid}/status");
    field(&path, "VmRSS").and_then(|text| kib(&text)).with_context(|| format!("{path} has no VmRSS"))
}

/// The most resident memory of a process since [`forget_peak`], in KiB.
///
/// # Errors
/// The process is gone, or the system has no `/proc`.
pub(crate) fn peak(pid: u32) -> Result<u64> {
    let path = format!("/proc/{pid}/status");
    field(&path, "VmHWM").and_then(|text| kib(&text)).with_context(|| format!("{path} has no VmHWM"))
}

/// Makes what a process holds now the most that it held.
///
/// # Errors
/// The process is gone, or not ours.
pub(crate) fn forget_peak(pid: u32) -> Result<()> {
    let path = format!("/proc/{pid}/clear_refs");
    fs::write(&path, "5").with_context(|| format!("can't write {path}"))
}

/// Whether what is written to a folder is lost when the machine stops.
pub(crate) fn is_in_memory(folder: &Path) -> bool {
    let mounts = fs::read_to_string("/proc/mounts").unwrap_or_default();
    let mounts = mounts.lines().filter_map(|line| {
        let mut words = line.split(' ').skip(1);
        Some((Path::new(words.next()?), words.next()?))
    });
    let holds = mounts.filter(|(place, _)| folder.starts_with(place));
    // Of two mounts on one place, the later one hides the other.
    let nearest = holds.max_by_key(|(place, _)| place.components().count());
    nearest.is_some_and(|(_, kind)| matches!(kind, "tmpfs" | "ramfs"))
}

fn field(path: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.trim_start().strip_prefix(':'));
    value.map(|value| value.trim().to_owned())
}

fn kib(text: &str) -> Option<u64> {
    text.split_whitespace().next()?.parse().ok()
}
