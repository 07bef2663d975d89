//! With which component a job may pay from an account, and which asked without that right.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use watchkeeper_model::{AccountName, Digest, JobName};

use super::Book;
use crate::{
    Approval, LedgerError, WantedApproval, limits,
    sql::{Columns, nanos},
};

impl Book {
    /// Lets a job pay with a component from now on, and with no other.
    ///
    /// # Errors
    /// [`crate::EntryError::PaymentsFenced`]; and as [`Book::record`].
    pub fn approve(&mut self, approval: &Approval) -> Result<(), LedgerError> {
        let Approval { account, job, digest, by, at } = approval;
        self.write_payments(|connection| {
            connection
                .prepare_cached(
                    "INSERT OR REPLACE INTO approvals (account, job, digest, approved_by, approved_at)
                     VALUES (?1, ?2, ?3, ?4, ?5)",
                )?
                .execute(params![account.as_str(), job.as_str(), digest.as_bytes(), limits::cut(by), nanos(*at)])?;
            connection
                .prepare_cached("DELETE FROM wanted_approvals WHERE account = ?1 AND job = ?2 AND digest = ?3")?
                .execute(params![account.as_str(), job.as_str(), digest.as_bytes()])?;
            Ok(())
        })
    }

    /// The component with which a job may pay; none where nobody approved one.
    ///
    /// # Errors
    /// [`LedgerError::Busy`] or [`LedgerError::Unavailable`].
    pub fn approval(&self, account: &AccountName, job: &JobName) -> Result<Option<Approval>, LedgerError> {
        Ok(read(&self.connection, account, job)?)
    }

    /// Notes that a component asked for a right to pay that it doesn't have. The last one of a job is kept; one that has
    /// the right is not.
    ///
    /// # Errors
    /// [`crate::EntryError::PaymentsFenced`]; and as [`Book::record`].
    pub fn want_approval(
        &mut self,
        account: &AccountName,
        job: &JobName,
        digest: Digest,
        at: Timestamp,
    ) -> Result<(), LedgerError> {
        self.write_payments(|connection| {
            if read(connection, account, job)?.is_some_and(|approval| approval.digest == digest) {
                return Ok(());
            }
            connection
                .prepare_cached(
                    "INSERT OR REPLACE INTO wanted_approvals (account, job, digest, at) VALUES (?1, ?2, ?3, ?4)",
                )?
                .execute(params![account.as_str(), job.as_str(), digest.as_bytes(), nanos(at)])?;
            Ok(())
        })
    }

    /// The approvals that are wanted, by account and job.
    ///
    /// # Errors
    /// [`LedgerError::Busy`] or [`LedgerError::Unavailable`].
    pub fn wanted_approvals(&self) -> Result<Vec<WantedApproval>, LedgerError> {
        let mut statement = self.connection.prepare_cached("SELECT * FROM wanted_approvals ORDER BY account, job")?;
        let found = statement.query_map([], |row| {
            Ok(WantedApproval {
                account: row.word("account")?,
                job: row.word("job")?,
                digest: Digest::new(row.get("digest")?),
                at: row.time("at")?,
            })
        })?;
        Ok(found.collect::<rusqlite::Result<_>>()?)
    }
}

fn read(connection: &Connection, account: &AccountName, job: &JobName) -> rusqlite::Result<Option<Approval>> {
    connection
        .prepare_cached("SELECT * FROM approvals WHERE account = ?1 AND job = ?2")?
        .query_row(params![account.as_str(), job.as_str()], |row| {
            Ok(Approval {
                account: row.word("account")?,
                job: row.word("job")?,
                digest: Digest::new(row.get("digest")?),
                by: row.get("approved_by")?,
                at: row.time("approved_at")?,
            })
        })
        .optional()
}
