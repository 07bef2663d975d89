//! Prometheus and promtool, for the tests: the machine's own, or Debian's package unpacked under the target directory.

use std::path::PathBuf;

use super::{Done, debian};
use crate::{command, project::Project};

/// The two programs.
pub(crate) struct Prometheus {
    pub(crate) server: PathBuf,
    pub(crate) promtool: PathBuf,
}

/// Finds or unpacks them. None where neither is possible: the tests that need them then fail and say so.
pub(crate) fn install(project: &Project) -> Done<Option<Prometheus>> {
    if let (Some(server), Some(promtool)) = (command::find("prometheus"), command::find("promtool")) {
        return Ok((Some(Prometheus { server, promtool }), "found on PATH".to_owned()));
    }
    let place = project.services().join("prometheus");
    let programs = place.join("usr/bin");
    let unpacked = Prometheus { server: programs.join("prometheus"), promtool: programs.join("promtool") };
    if unpacked.server.is_file() && unpacked.promtool.is_file() {
        return Ok((Some(unpacked), "already unpacked".to_owned()));
    }
    if !debian::is_here() {
        return Ok((None, "MISSING: install prometheus and promtool, the tests that need them will fail".to_owned()));
    }
    debian::unpack(&["prometheus"], &place)?;
    Ok((Some(unpacked), "unpacked".to_owned()))
}
