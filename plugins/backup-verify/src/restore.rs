//! Restores the newest backup of a database into a scratch database, tries it and drops it. What a run that was killed left behind is
//! dropped first; what this one makes is dropped at the end, whatever happened. Only what went well to the end is marked as restored.

use std::time::Duration;

use watchkeeper_sdk::{
    artifacts::{Artifact, Error as StoreError},
    backup::{Problem, Report, show_bytes},
    prelude::*,
};

use crate::config::Restore;

/// What restoring shows.
#[derive(Metrics)]
#[metric(prefix = "backup_restore", labels("target"))]
pub(crate) struct Metrics {
    /// When a backup was last restored and stood its test, and the scratch database was gone again.
    #[metric(unit = "seconds")]
    last_test_timestamp_seconds: Gauge<1>,
    /// When that backup was begun.
    #[metric(unit = "seconds")]
    tested_backup_timestamp_seconds: Gauge<1>,
    /// Seconds that it took to make the database and restore into it, without the test.
    #[metric(unit = "seconds")]
    duration_seconds: Gauge<1>,
    /// Size of the backup's content.
    #[metric(unit = "bytes")]
    size_bytes: Gauge<1>,
}

const STEPS: u64 = 5;

/// Restores, tries and drops; says what came of it.
pub(crate) async fn try_out(restore: &Restore, metrics: &Metrics, report: &mut Report) {
    let target = restore.path.as_str();
    match restore.whole(report).await {
        Ok((artifact, took)) => {
            metrics.last_test_timestamp_seconds.set([target], clock::now());
            metrics.tested_backup_timestamp_seconds.set([target], artifact.created);
            metrics.duration_seconds.set([target], took);
            metrics.size_bytes.set([target], artifact.size);
            let (size, seconds) = (show_bytes(artifact.size), took.as_secs_f64());
            report.done(format!("restored {} ({size}) in {seconds:.1} s, and it stood its test", artifact.path));
        }
        Err(Problem::DryRun(_)) => report.done(format!("would restore the newest of {target}")),
        Err(Problem::Failed(error)) => report.problem(format!("restore of `{target}`"), error),
    }
}

impl Restore {
    async fn whole(&self, report: &mut Report) -> Result<(Artifact, Duration), Problem> {
        let newest = artifacts::entries(&format!("{}/", self.path), 1).await?.pop();
        let artifact = newest.ok_or_else(|| Error::failed("there is no artifact"))?;
        self.say("dropping what was left", 0);
        self.run(&self.dropdb)
            .await
            .map_err(|problem| told(problem, "the scratch database can't be dropped beforehand"))?;
        let tried = self.restore_and_test(&artifact).await;
        self.say("dropping the database", 4);
        let dropped = self.run(&self.dropdb).await;
        match (tried, dropped) {
            (Ok(took), Ok(_)) => {
                artifacts::mark_restored(&artifact.path).await?;
                Ok((artifact, took))
            }
            (Ok(_), Err(problem)) => Err(told(problem, "it stood its test, but the scratch database can't be dropped")),
            (Err(problem), Ok(_)) => Err(problem),
            (Err(problem), Err(left)) => {
                if let Problem::Failed(error) = left {
                    report.problem(format!("dropping `{}`", self.database), error);
                }
                Err(problem)
            }
        }
    }

    /// How long it took to restore.
    async fn restore_and_test(&self, artifact: &Artifact) -> Result<Duration, Problem> {
        let begun = clock::now();
        self.say("making the database", 1);
        self.run(&self.createdb).await?;
        self.say("restoring", 2);
        self.restore(artifact).await?;
        let took = clock::now().saturating_sub(begun);
        self.say("testing", 3);
        let printed = self.run(&self.psql_assert).await.map_err(|problem| match problem {
            Problem::Failed(error) => failed_test(&error.to_string()),
            dry_run => dry_run,
        })?;
        match String::from_utf8_lossy(&printed).lines().position(|line| line.trim() == "f") {
            Some(place) => {
                Err(failed_test(&format!("line {} of what `{}` printed is `f`", place + 1, self.psql_assert)))
            }
            None => Ok(took),
        }
    }

    /// Gives the artifact to the command that restores it. A dump that doesn't come whole is why the command fails then, if it does.
    async fn restore(&self, artifact: &Artifact) -> Result<(), Problem> {
        let stored = artifacts::get(&artifact.path).await?;
        let process = command::run(&self.pg_restore, &self.holes(), Some(stored.bytes)).await?;
        let restored = process.output().await;
        match (stored.ended.await, restored) {
            (Ok(()), Ok(_)) => Ok(()),
            (Err(error @ (StoreError::Corrupt(_) | StoreError::Unavailable(_))), Err(command)) => {
                let text = format!("{error}; {command}");
                Err(Error::from(error).with(text).into())
            }
            (Err(error), Ok(_)) => Err(error.into()),
            // What is left unread is no news.
            (_, Err(error)) => Err(Error::failed(error).into()),
        }
    }

    async fn run(&self, command: &str) -> Result<Vec<u8>, Problem> {
        Ok(command::run(command, &self.holes(), None).await?.output().await?)
    }

    fn holes(&self) -> [(&str, &str); 1] {
        [("database", &self.database)]
    }

    fn say(&self, what: &str, done: u64) {
        context::progress(&format!("{what} for {}", self.path), done, Some(STEPS));
    }
}

fn failed_test(why: &str) -> Problem {
    Problem::Failed(Error::failed(format!("the restored database doesn't stand its test: {why}")))
}

/// The same problem, with what it is about.
fn told(problem: Problem, what: &str) -> Problem {
    match problem {
        Problem::Failed(error) => Problem::Failed(error.with(format!("{what}: {error}"))),
        dry_run => dry_run,
    }
}
