//! What the end-to-end tests stand on: real services on free loopback ports, a deployment in a temporary folder, the
//! built `watchkeeper`, and ways to break what is between them.
//!
//! Everything is synchronous: a test reads from top to bottom and waits for conditions with [`eventually`], never for
//! time to pass. Whatever a test starts ends when its handle is dropped. What is being proved stays in the tests.

mod anvil;
pub(crate) mod contracts;
mod deployment;
mod exposition;
mod fault_proxy;
mod http;
mod object_store;
mod overview;
mod ports;
mod postgres;
mod process;
pub(crate) mod programs;
mod prometheus;
mod s3_faults;
mod teller;
mod transcript;
pub(crate) mod user_operations;
mod wait;
mod watchkeeper;
pub(crate) mod wire;

pub(crate) use anvil::{Anvil, quantity};
pub(crate) use deployment::Deployment;
pub(crate) use exposition::Exposition;
pub(crate) use fault_proxy::{Fault, FaultProxy, Sending};
pub(crate) use http::{Response, send, send_trusting};
pub(crate) use object_store::{ObjectStore, texts};
pub(crate) use overview::Overview;
pub(crate) use postgres::Postgres;
pub(crate) use process::{Process, Signal};
pub(crate) use prometheus::{Prometheus, Target, promtool_check_metrics};
pub(crate) use s3_faults::{On, S3Fault, S3Faults};
pub(crate) use teller::{teller_deployment, teller_job};
pub(crate) use transcript::{Transcript, reworded};
pub(crate) use wait::eventually;
pub(crate) use watchkeeper::{Ended, Watchkeeper};
