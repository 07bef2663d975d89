//! Holds what left an account on the chain against the journal. Money that went without the journal knowing is shown until an
//! operator has looked at it, and across restarts.

use watchkeeper_ledger::Balanced;

use crate::{PayError, account::Account, decide::strangers};

impl Account {
    /// Compares at the newest block, while nothing is under way. What can't be read is left for the next time.
    pub(crate) async fn balance_books(&self) {
        match self.compare().await {
            Ok(difference) => {
                let was = std::mem::replace(&mut self.seen().unexplained, difference.clone());
                if difference.is_some() && was != difference {
                    tracing::error!(account = %self.name, difference, "the chain shows more than the journal");
                }
            }
            Err(error) => tracing::debug!(account = %self.name, %error, "the books can't be balanced now"),
        }
    }

    /// What the chain shows beyond the journal.
    async fn compare(&self) -> Result<Option<String>, PayError> {
        let _owner = self.owner.lock().await;
        if !self.ledger.open_payments(self.sender).await?.is_empty() {
            return Ok(self.seen().unexplained.clone());
        }
        let head = self.money.head().await?;
        let address = self.sender.address;
        let balance = self.money.balance(&head, address).await?;
        let count = self.money.transaction_count(&head, address).await?;
        let code = self.money.code(&head, address).await?;
        self.money.still(&head).await?;
        self.saw(balance, &head);
        let record = self.ledger.sender(self.sender).await?;
        let (next, overtaken) = record.map_or((0, 0), |record| (record.next_nonce, record.overtaken));
        self.metrics.unexplained_transactions(self, count.saturating_sub(next).saturating_add(overtaken));
        if let Some(why) = strangers(self, count, record) {
            self.halt(&why);
            return Ok(Some(why));
        }
        if !code.is_empty() {
            return Ok(Some(format!("account {}: its address has code, which can spend without its key", self.name)));
        }
        if let Some(last) = self.ledger.balanced(self.sender).await? {
            if last.block > head.number {
                return Ok(None);
            }
            let left = self.ledger.outflow(self.sender, last.block, head.number).await?;
            let expected = last.balance.saturating_sub(left);
            let missing = expected.saturating_sub(balance);
            self.metrics.unexplained_outflow(self, missing);
            if !missing.is_zero() {
                let (missing, block) = (self.show_native(missing), head.number);
                return Ok(Some(format!(
                    "account {}: {missing} left it up to block {block} that the journal doesn't know\nhint: find out what \
                     spent it; `watchkeeper account adopt {}` begins the count anew",
                    self.name, self.name
                )));
            }
        }
        self.ledger.balance(self.sender, Balanced { block: head.number, balance }).await?;
        Ok(None)
    }
}
