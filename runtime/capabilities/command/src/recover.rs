//! What an earlier process of ours left running when it was killed. Only what is certainly its own is ended: numbers of processes are
//! given out again.

use std::{io, time::Duration};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tokio::time::{Instant, sleep};
use watchkeeper_ledger::{LedgerError, Process};

use crate::{command::House, stat, telemetry};

/// How long the start of the watch waits for a group that was killed.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(10);

/// Ends all that the ledger knows of. To be called before this process starts anything.
///
/// # Errors
/// The ledger can't be used.
pub(crate) async fn recover(house: &House) -> Result<(), LedgerError> {
    for process in house.ledger.processes().await? {
        // A boot ends everything.
        if process.id.boot != house.boot || end(&process).await {
            house.ledger.process_ended(process.id).await?;
        }
    }
    Ok(())
}

/// Whether nothing is left of the process's group.
async fn end(process: &Process) -> bool {
    let Some(pid) = Pid::from_raw(process.id.pid) else { return true };
    let (begun, mut told) = (Instant::now(), false);
    loop {
        match is_left(process, pid).await {
            Ok(true) => {}
            Ok(false) => return true,
            Err(error) => {
                tracing::error!(%error, "processes can't be listed");
                return false;
            }
        }
        if !told {
            telemetry::left_over(process);
            told = true;
        }
        // Those that are gone meanwhile need none.
        let _gone = kill_process_group(pid, Signal::KILL);
        if is_leader(process) {
            let _gone = kill_process(pid, Signal::KILL);
        }
        if begun.elapsed() > PATIENCE {
            telemetry::outlives(process.id.pid);
            return false;
        }
        sleep(PAUSE).await;
    }
}

/// Whether somebody of the group lives. As long as there is anybody, its number is nobody else's; so a process of that number that began
/// at another time says that nobody is left. Without the leader, the session has to be the same.
async fn is_left(process: &Process, pid: Pid) -> io::Result<bool> {
    let members = stat::members(pid).await?;
    Ok(match stat::of(process.id.pid) {
        Ok(leader) if leader.ticks != process.id.ticks => false,
        Ok(leader) => leader.is_alive() || members.iter().any(stat::Stat::is_alive),
        Err(_none) => members
            .iter()
            .any(|member| member.is_alive() && member.session == process.session && member.ticks >= process.id.ticks),
    })
}

fn is_leader(process: &Process) -> bool {
    stat::of(process.id.pid).is_ok_and(|leader| leader.ticks == process.id.ticks)
}
