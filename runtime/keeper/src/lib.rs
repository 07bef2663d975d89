//! The conductor. Files become checked jobs ([`Workshop`]), due jobs become runs ([`Keeper`]), and what is wrong shows.
//! It is the only room, beside the command line, that knows all others; each of them does its own work.

mod assembly;
mod board;
mod conductor;
mod files;
mod host_metrics;
mod house;
mod job;
mod job_config;
mod ledger_metrics;
mod loader;
mod news;
mod plugins;
mod recent;
mod run;
mod settings;
mod shown;
mod store_health;
mod telemetry;
mod upkeep;
mod watch;

pub use assembly::{Assembly, Opener, StartError};
pub use host_metrics::families as host_families;
pub use house::Keeper;
pub use job::{Grants, Job, JobError, Scheduled, Workshop};
pub use run::{Done, Rooms, order, samples};
pub use settings::{run_limits, sandbox_settings};
