//! End to end: the built `watchkeeper` with a real EVM node, a real Prometheus and real components, as users run it.
//! One binary, one module for each promise or part; `support` holds what starts and stops services.

#[cfg(test)]
mod access;
#[cfg(test)]
mod api;
#[cfg(test)]
mod backup_commands;
#[cfg(test)]
mod backups;
#[cfg(test)]
mod celestia;
#[cfg(test)]
mod chain;
#[cfg(test)]
mod client_commands;
#[cfg(test)]
mod command_line;
#[cfg(test)]
mod contract_metrics;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod documentation;
#[cfg(test)]
mod erc4337;
#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod grants;
#[cfg(test)]
mod heads;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod http;
#[cfg(test)]
mod other_toolchains;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod payments;
#[cfg(test)]
mod probe;
#[cfg(test)]
mod reload;
#[cfg(test)]
mod rollup;
#[cfg(test)]
mod schedules;
#[cfg(test)]
mod stand_ins;
#[cfg(test)]
mod store;
#[cfg(test)]
mod support;
#[cfg(test)]
mod web;
