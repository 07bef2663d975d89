//! What people may do about payments: stop them, let them go on, approve a component, adopt an account. Each is in the
//! ledger's actions with who did it, besides what the capability that pays keeps of it.

use std::sync::Arc;

use watchkeeper_contract::Treasury;
use watchkeeper_ledger::{Action, Entry};
use watchkeeper_model::{AccountName, Digest, JobName};
use watchkeeper_web::api::{Acted, Refusal, RefusalKind};

use super::{Keeper, accounts::refusal, away};
use crate::conductor::Asked;

impl Keeper {
    /// Stopping is not held up by the record of who did it; the stop itself names them too.
    pub(super) async fn stop_payments(&self, asked: &Asked) -> Result<Acted, Refusal> {
        let stopped = self.purse()?.stop(true, &asked.by, &asked.note, self.clock.now()).await;
        stopped.map_err(refusal)?;
        if let Err(problem) = self.write(asked, "stop-payments", None, &asked.note).await {
            tracing::warn!(problem = %problem.message, by = %asked.by, "a stop of payments is not among the actions");
        }
        Ok(acted("no payment begins any more; what is signed already is followed to its end"))
    }

    pub(super) async fn resume_payments(&self, asked: &Asked) -> Result<Acted, Refusal> {
        let treasury = self.purse()?;
        match treasury.stopped().await.map_err(refusal)? {
            None => return Err(Refusal::new(RefusalKind::Conflict, "payments are not stopped")),
            // Only a file does it: nothing goes on, and what to do is for the treasury to say.
            Some(stop) if stop.since.is_none() => {}
            Some(_) => self.write(asked, "resume-payments", None, &asked.note).await?,
        }
        treasury.stop(false, &asked.by, &asked.note, self.clock.now()).await.map_err(refusal)?;
        Ok(acted("payments go on"))
    }

    pub(super) async fn approve(
        &self,
        account: &AccountName,
        job: &JobName,
        digest: Digest,
        asked: &Asked,
    ) -> Result<Acted, Refusal> {
        let treasury = self.account_of(account).await?;
        if self.conductor.job(job).is_none() {
            let refusal = Refusal::new(RefusalKind::NotFound, format!("there is no job `{job}`"));
            return Err(refusal.hint("`watchkeeper jobs` lists them"));
        }
        let note = noted(&format!("account {account}, {digest}"), &asked.note);
        self.write(asked, "approve-payments", Some(job), &note).await?;
        treasury.approve(account, job, digest, &asked.by, self.clock.now()).await.map_err(refusal)?;
        let message = format!("job `{job}` may pay from account `{account}` with {digest}");
        Ok(self.acted(message, None, job))
    }

    pub(super) async fn adopt(&self, account: &AccountName, asked: &Asked) -> Result<Acted, Refusal> {
        let treasury = self.account_of(account).await?;
        let note = noted(&format!("account {account}"), &asked.note);
        self.write(asked, "adopt-account", None, &note).await?;
        let next = treasury.adopt(account, &asked.by, self.clock.now()).await.map_err(refusal)?;
        let message =
            format!("account `{account}` takes its chain's transactions for known and goes on with nonce {next}");
        Ok(acted(message))
    }

    fn purse(&self) -> Result<Arc<dyn Treasury>, Refusal> {
        self.treasury().ok_or_else(|| {
            let refusal = Refusal::new(RefusalKind::NotFound, "there is no account to pay from");
            refusal.hint("each `[accounts.NAME]` of watchkeeper.toml is one")
        })
    }

    /// What an account belongs to, if there is such an account.
    async fn account_of(&self, account: &AccountName) -> Result<Arc<dyn Treasury>, Refusal> {
        let treasury = self.purse()?;
        let known = treasury.accounts().await.map_err(refusal)?;
        if known.iter().any(|health| health.name == *account) {
            return Ok(treasury);
        }
        let refusal = Refusal::new(RefusalKind::NotFound, format!("there is no account `{account}`"));
        Err(refusal.hint("`watchkeeper account list` lists them"))
    }

    async fn write(&self, asked: &Asked, verb: &str, job: Option<&JobName>, note: &str) -> Result<(), Refusal> {
        let action = Action {
            at: self.clock.now(),
            by: asked.by.clone(),
            verb: verb.to_owned(),
            job: job.cloned(),
            run: None,
            note: note.to_owned(),
        };
        self.ledger.record_one(Entry::Action(action)).await.map_err(|error| away(&error))
    }
}

/// What it is about, and then what was said about it.
fn noted(about: &str, note: &str) -> String {
    if note.is_empty() { about.to_owned() } else { format!("{about}: {note}") }
}

fn acted(message: impl Into<String>) -> Acted {
    Acted { message: message.into().into(), run: None, job: None }
}
