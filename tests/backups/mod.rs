//! Backups: what they are made of, stored in and restored from. `services` and `grafana_stand_in` are about what the tests
//! themselves stand on.

mod damaged;
mod grafana_stand_in;
mod grants;
mod killed;
mod monitoring;
mod object_store;
mod postgres;
mod progress;
mod services;
mod stage;
mod streams;
