//! Whether the ledger answers: what the loop waits for, the page shows and the metric says.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use watchkeeper_ledger::LedgerError;
use watchkeeper_model::Clock;

use crate::{news::News, telemetry::Telemetry};

/// How often a ledger that doesn't answer is asked again.
pub(crate) const STORE_RETRY: Duration = Duration::from_secs(1);

/// The ledger's health, by its last answer to a write.
pub(crate) struct StoreHealth {
    telemetry: Arc<Telemetry>,
    clock: Arc<dyn Clock>,
    news: News,
    away: Mutex<Option<(Timestamp, String)>>,
}

impl StoreHealth {
    pub(crate) fn new(telemetry: Arc<Telemetry>, clock: Arc<dyn Clock>, news: News) -> Self {
        Self { telemetry, clock, news, away: Mutex::default() }
    }

    /// A write is in.
    pub(crate) fn answers(&self) {
        if self.locked().take().is_some() {
            self.telemetry.store_back();
            self.news.store(true);
        }
    }

    /// A write was not taken.
    pub(crate) fn failed(&self, error: &LedgerError) {
        let mut away = self.locked();
        if away.is_none() {
            let since = self.clock.now();
            *away = Some((since, error.to_string()));
            drop(away);
            self.telemetry.store_away(error);
            self.news.store(false);
        }
    }

    /// Since when it takes nothing, and why.
    pub(crate) fn away(&self) -> Option<(Timestamp, String)> {
        self.locked().clone()
    }

    /// How long to wait before it is asked again.
    pub(crate) fn wait(&self) -> Option<Duration> {
        self.locked().is_some().then_some(STORE_RETRY)
    }

    fn locked(&self) -> MutexGuard<'_, Option<(Timestamp, String)>> {
        self.away.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
