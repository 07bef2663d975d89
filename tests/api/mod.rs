//! `/api/v1` of a running process: what it answers on real runs of every kind, what it refuses, and how it bears what
//! plugins, files and people say.

mod acting;
mod document;
mod events;
mod furnished;
mod hostile;
mod paging;
mod refusals;
mod shapes;

use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);
