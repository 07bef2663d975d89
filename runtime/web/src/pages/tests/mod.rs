//! What holds for every page. Here is each page once, and a reader of its tags.

mod content;
mod hostile;
mod money;
mod names;

use jiff::Timestamp;

use super::{Question, Sieve, Verb};
use crate::{
    Viewer,
    api::{
        Actor, JobOverview, Overview, PaymentDetail, PaymentQuery, PaymentsStop, Refusal, RefusalKind, Right, RunQuery,
        Treasury, Who,
    },
    tests::samples,
};

/// Somebody who may act.
fn operator(name: &str) -> Viewer {
    let who = Who { actor: Some(Actor { name: name.into() }), rights: vec![Right::Read, Right::Act] };
    Viewer { who, form_token: Some("form-token".to_owned()), signed_in: true, has_accounts: true }
}

/// Somebody who may look.
fn reader() -> Viewer {
    let who = Who { actor: None, rights: vec![Right::Read] };
    Viewer { who, form_token: None, signed_in: false, has_accounts: true }
}

fn now() -> Timestamp {
    samples::at(0)
}

/// Every page, with a text wherever others have a say.
fn pages(text: &str, viewer: &Viewer) -> Vec<(&'static str, String)> {
    let (job, run) = (samples::job(text), samples::run_detail(text));
    let healthy = JobOverview { problem: None, ..samples::job_overview(text) };
    let states = Overview {
        jobs: [1, 0]
            .map(|consecutive_failures| restate(JobOverview { consecutive_failures, ..healthy.clone() }))
            .to_vec(),
        ..samples::overview(text)
    };
    let sieve = Sieve { q: text.chars().take(100).collect(), show: text.to_owned() };
    let refusal = Refusal::new(RefusalKind::Conflict, text).hint(text);
    let ask = |verb| super::ask(Question::Job(verb, &job.job), viewer);
    let (treasury, account) = (samples::treasury(text), samples::account_name());
    let recent = [(account.clone(), samples::payments(text).payments)].into();
    let by_file = Treasury {
        stopped: treasury.stopped.clone().map(|stop| PaymentsStop { since: None, ..stop }),
        ..treasury.clone()
    };
    let payment = samples::payment(text);
    let early = PaymentDetail {
        payment: samples::payments(text).payments.remove(1),
        reserved: None,
        transactions: Vec::new(),
        ..payment.clone()
    };
    vec![
        ("overview", super::overview(&samples::overview(text), &Sieve::default(), viewer)),
        ("overview, other states", super::overview(&states, &Sieve::default(), viewer)),
        ("overview, sieved", super::overview(&samples::overview(text), &sieve, viewer)),
        ("job", super::job(&job, Some(Verb::Pause), viewer)),
        ("run", super::run(&run, Some(Verb::Cancel), viewer)),
        ("run, going", super::run(&crate::api::RunDetail { run: samples::going(text), ..run.clone() }, None, viewer)),
        ("runs", super::runs(&samples::runs(text), &RunQuery::default(), now(), viewer)),
        ("plugins", super::plugins(&[samples::plugin(text)], now(), viewer)),
        ("chains", super::chains(&[samples::chain(text)], now(), viewer)),
        ("accounts", super::accounts(&treasury, &recent, Some(Verb::Adopt), viewer)),
        ("accounts, stopped by a file", super::accounts(&by_file, &recent, None, viewer)),
        ("payments", super::payments(&samples::payments(text), &PaymentQuery::default(), now(), viewer)),
        ("payment", super::payment(&payment, viewer)),
        ("payment, refused", super::payment(&early, viewer)),
        ("ask to stop payments", super::ask(Question::StopPayments, viewer)),
        ("ask to resume payments", super::ask(Question::ResumePayments, viewer)),
        ("ask to approve", super::ask(Question::Approve(&account, &samples::unapproved()), viewer)),
        ("ask to adopt", super::ask(Question::Adopt(&account), viewer)),
        ("actions", super::actions(&samples::actions(text), now(), viewer)),
        ("ask to run", ask(Verb::Run)),
        ("ask to pause", ask(Verb::Pause)),
        ("ask to resume", ask(Verb::Resume)),
        ("ask to skip", ask(Verb::SkipNext)),
        ("ask to cancel", super::ask(Question::Cancel(&run.run), viewer)),
        ("login", super::login(Some(text), text, viewer)),
        ("not found", super::not_found(viewer)),
        ("refused", super::refused(&refusal, viewer)),
    ]
}

/// The job with the state that its other fields call for.
fn restate(job: JobOverview) -> JobOverview {
    JobOverview { state: job.judge(), ..job }
}

/// A tag that opens an element, or closes one (`/name`).
#[derive(Debug, Clone, PartialEq, Eq)]
struct Tag {
    name: String,
    attributes: Vec<(String, String)>,
    /// What follows it, up to the next tag.
    text: String,
}

impl Tag {
    fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// The tags of a page in their order. A value ends at its quote and a tag at its bracket, as a browser reads them.
fn tags(page: &str) -> Vec<Tag> {
    let mut tags = Vec::new();
    let mut rest = page;
    while let Some((_, after)) = rest.split_once('<') {
        let (name, mut inside) = after.split_at(after.find([' ', '>', '\n']).expect("a tag without an end"));
        let mut attributes = Vec::new();
        loop {
            inside = inside.trim_start();
            if let Some(after) = inside.strip_prefix("/>").or_else(|| inside.strip_prefix('>')) {
                let end = after.find('<').unwrap_or(after.len());
                tags.push(Tag { name: name.to_owned(), attributes, text: after[..end].to_owned() });
                rest = &after[end..];
                break;
            }
            let (key, after) = inside.split_at(inside.find(['=', ' ', '>']).expect("a tag without an end"));
            let (value, after) = match after.strip_prefix("=\"") {
                Some(quoted) => quoted.split_once('"').expect("a value without an end"),
                None => ("", after),
            };
            attributes.push((key.to_owned(), value.to_owned()));
            inside = after;
        }
    }
    tags
}
