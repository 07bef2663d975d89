//! `runs`: runs of one job or all, the newest first.

use jiff::Timestamp;
use watchkeeper_model::{JobName, Outcome};
use watchkeeper_web::api::{Limit, RunPage, RunQuery};

use super::{Since, job::fetch};
use crate::{
    Api, ClientError, Format, Screen,
    show::{Table, of_outcome, seconds, time, trigger},
};

pub(super) fn show(
    job: Option<JobName>,
    outcome: Option<Outcome>,
    since: Option<Since>,
    limit: Limit,
    api: &Api,
    screen: &mut Screen<'_>,
) -> Result<(), ClientError> {
    let after = since.and_then(|since| since.before(Timestamp::now()));
    let query = RunQuery { job, outcome, after, limit: Some(limit), ..RunQuery::default() };
    let page: RunPage = api.get(&["runs"], &query)?;
    if screen.format() == Format::Json {
        return screen.json(&page);
    }
    if page.runs.is_empty() {
        // A name that was misspelt has no runs either.
        query.job.as_ref().map(|job| fetch(job, api)).transpose()?;
        return screen.note("no such run is kept");
    }
    let mut table = Table::list(&["RUN", "JOB", "CLAIMED", "OUTCOME", "TOOK", "TRY", "BECAUSE", "MESSAGE"]);
    for run in &page.runs {
        table.row(vec![
            run.id.to_string().into(),
            run.job.as_str().into(),
            time(run.claimed).into(),
            of_outcome(run.outcome),
            seconds(run.duration_seconds).into(),
            run.attempt.to_string().into(),
            trigger(&run.trigger).into(),
            run.message.as_ref().map_or("", |message| message.as_str()).into(),
        ]);
    }
    screen.table(&table)?;
    match page.next {
        Some(_) => screen.note("there are more: --limit shows up to 500, --job, --outcome and --since choose"),
        None => Ok(()),
    }
}
