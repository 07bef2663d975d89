//! Processes as the kernel tells of them in /proc: who is in a group, and since when.

use std::{fs, io};

use rustix::process::Pid;

/// Where the kernel names the machine's boot.
pub(crate) const BOOT: &str = "/proc/sys/kernel/random/boot_id";

/// A line of `/proc/PID/stat`, see proc(5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stat {
    pub(crate) pid: i32,
    state: char,
    pub(crate) parent: i32,
    pub(crate) group: i32,
    pub(crate) session: i32,
    /// When it began, in clock ticks since the boot.
    pub(crate) ticks: u64,
}

impl Stat {
    /// Whether it can still do something: a zombie can't.
    pub(crate) const fn is_alive(&self) -> bool {
        !matches!(self.state, 'Z' | 'X')
    }
}

/// One process.
///
/// # Errors
/// There is none of this number, or it can't be read.
pub(crate) fn of(pid: i32) -> io::Result<Stat> {
    let line = fs::read(format!("/proc/{pid}/stat"))?;
    parse(pid, &String::from_utf8_lossy(&line))
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, format!("/proc/{pid}/stat has another form")))
}

/// All of a group, zombies too.
///
/// # Errors
/// The list of processes can't be read.
pub(crate) async fn members(group: Pid) -> io::Result<Vec<Stat>> {
    let group = group.as_raw_nonzero().get();
    tokio::task::spawn_blocking(move || {
        let mut members = Vec::new();
        for entry in fs::read_dir("/proc")? {
            let Some(pid) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
            // One that ended since it was listed is none.
            members.extend(of(pid).ok().filter(|stat| stat.group == group));
        }
        Ok(members)
    })
    .await
    .map_err(io::Error::other)?
}

fn parse(pid: i32, line: &str) -> Option<Stat> {
    // The name before may hold spaces and brackets.
    let (_, rest) = line.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace();
    let state = fields.next()?.chars().next()?;
    let [parent, group, session] = [fields.next()?, fields.next()?, fields.next()?].map(str::parse);
    // From the sixth field to the twenty-second.
    let ticks = fields.nth(15)?.parse().ok()?;
    Some(Stat { pid, state, parent: parent.ok()?, group: group.ok()?, session: session.ok()?, ticks })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_and_spaces_hides_nothing() {
        let line = "77 (a) R 1 (b) S 12 77 70 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 987654 10 20 30";
        let expected = Stat { pid: 77, state: 'S', parent: 12, group: 77, session: 70, ticks: 987_654 };
        assert_eq!(parse(77, line), Some(expected));
        assert_eq!(parse(77, "77 (a) S 12"), None);
    }

    #[test]
    fn this_process_is_found() {
        let own = i32::try_from(std::process::id()).unwrap();
        let stat = of(own).unwrap();
        assert!(stat.is_alive() && stat.ticks > 0);
        assert_eq!(stat.group, rustix::process::getpgrp().as_raw_nonzero().get());
    }
}
