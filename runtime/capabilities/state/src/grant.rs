//! The grant: all or nothing, since a job's state is its own.

use std::{any::Any, sync::Arc};

use async_trait::async_trait;
use watchkeeper_contract::{Grant, RunGrant, Settlement};
use watchkeeper_ledger::Ledger;
use watchkeeper_model::{JobName, Outcome};

use crate::Remembered;

pub(crate) struct StateGrant {
    ledger: Arc<Ledger>,
}

impl StateGrant {
    pub(crate) fn new(ledger: Arc<Ledger>) -> Self {
        Self { ledger }
    }
}

impl Grant for StateGrant {
    fn begin(&self, job: &JobName) -> Box<dyn RunGrant> {
        Box::new(Remembered::new(Arc::clone(&self.ledger), job.clone()))
    }

    fn covers(&self, older: &dyn Grant) -> bool {
        let older: &dyn Any = older;
        older.is::<Self>()
    }

    fn describe(&self) -> Vec<String> {
        vec!["remembers values between its runs; they are kept only when a run succeeds".to_owned()]
    }
}

#[async_trait]
impl RunGrant for Remembered {
    async fn settle(self: Box<Self>, outcome: Outcome, settlement: &mut Settlement) {
        if outcome == Outcome::Success {
            settlement.state.extend(self.changes());
        }
    }
}
