//! What the pages say, and to whom.

use std::collections::BTreeMap;

use super::{now, operator, pages, reader, restate, tags};
use crate::{
    api::{Bucket, JobDetail, JobOverview, Overview, Phase, ProgressInfo, RunSummary, SelfWatch, StoreInfo},
    pages::{Question, Sieve, Verb, ask, job, login, overview},
    tests::samples,
};
use watchkeeper_model::{JobName, RunId};

fn named(name: &str) -> JobOverview {
    JobOverview { name: JobName::new(name).unwrap(), ..well() }
}

/// A job with which everything is as it should be.
fn well() -> JobOverview {
    let job = samples::job_overview("*/5 * * * *");
    restate(JobOverview { problem: None, consecutive_failures: 0, pause: None, running: Vec::new(), queued: 0, ..job })
}

fn paused(name: &str) -> JobOverview {
    restate(JobOverview { pause: samples::job_overview("treasury").pause, ..named(name) })
}

fn broken(name: &str) -> JobOverview {
    restate(JobOverview { problem: Some("no such plugin".into()), ..named(name) })
}

fn failing(name: &str) -> JobOverview {
    restate(JobOverview { consecutive_failures: 2, ..named(name) })
}

fn of(jobs: Vec<JobOverview>) -> Overview {
    Overview { jobs, ..samples::overview("x") }
}

/// The jobs of a page in their order.
fn rows(page: &str) -> Vec<String> {
    let ids = tags(page).into_iter().filter_map(|tag| tag.attribute("id").map(str::to_owned));
    ids.filter_map(|id| id.strip_prefix("j-").map(str::to_owned)).collect()
}

#[test]
fn what_is_wrong_comes_first_and_what_is_paused_next() {
    let page = overview(&of(vec![named("a"), paused("b"), failing("c"), broken("d")]), &Sieve::default(), &reader());
    assert_eq!(rows(&page), ["d", "c", "b", "a"]);
    assert!(page.contains("<title>2 wrong"), "the title tells it to a tab in the background");
    assert!(page.contains("no such plugin"));
}

#[test]
fn the_sieve_looks_at_name_state_plugin_and_schedule() {
    let jobs = of(vec![named("heads"), paused("prices"), failing("backup")]);
    let shown =
        |q: &str, show: &str| rows(&overview(&jobs, &Sieve { q: q.to_owned(), show: show.to_owned() }, &reader()));
    assert_eq!(shown("HEAD", ""), ["heads"]);
    assert_eq!(shown(" paused ", ""), ["prices"]);
    assert_eq!(shown("evm-chain", ""), ["backup", "prices", "heads"]);
    assert_eq!(shown("*/5", "wrong"), ["backup"]);
    assert_eq!(shown("", "well"), ["heads"]);
    assert_eq!(shown("", "no such group").len(), 3);
    assert!(shown("nothing like it", "").is_empty());
}

#[test]
fn a_well_process_has_no_banner_and_each_trouble_has_one() {
    let up = StoreInfo { up: true, away_since: None, problem: None, size_bytes: None };
    let watch = SelfWatch { last_tick: Some(now()), last_scan: Some(now()), violations: BTreeMap::new() };
    let calm = Overview { problems: Vec::new(), store: up, watch, ..of(vec![named("a")]) };
    let page = |overview: &Overview| super::super::overview(overview, &Sieve::default(), &reader());
    assert!(!page(&calm).contains("class=\"banner"));
    let draining = page(&Overview { phase: Phase::Draining, ..calm.clone() });
    assert!(draining.contains("Draining") && draining.contains("class=\"banner"));
    let away = page(&Overview { store: samples::overview("disk full").store, ..calm.clone() });
    assert!(away.contains("The store is away") && away.contains("disk full"));
    let violated = page(&Overview { watch: samples::overview("run_forgotten").watch, ..calm.clone() });
    assert!(violated.contains("What must never be was found") && violated.contains("run_forgotten: 3 times"));
    let problems = page(&Overview { problems: samples::overview("jobs.d/a.toml: bad").problems, ..calm });
    assert!(problems.contains("1 file is not in force") && problems.contains("jobs.d/a.toml: bad"));
}

#[test]
fn five_hundred_jobs_fit_in_a_page_and_the_well_ones_are_folded() {
    // The worst that a timeline can be: no two neighbours are alike.
    let bucket = |number: i64| {
        let successes = u64::from(number % 2 == 0);
        Bucket { successes, failures: 1 - successes, ..Bucket::empty(samples::at(number * 300)) }
    };
    let mut jobs: Vec<_> = (0..500)
        .map(|number| JobOverview {
            timeline: (-72..0).map(bucket).collect(),
            recent: well().recent.into_iter().cycle().take(30).collect(),
            ..named(&format!("job-{number}"))
        })
        .collect();
    jobs.extend([failing("wrong-one")]);
    let page = overview(&of(jobs), &Sieve::default(), &operator("x"));
    assert!(page.len() < 1_500_000, "{} bytes", page.len());
    assert_eq!(rows(&page).len(), 501);
    let groups: Vec<_> = tags(&page).into_iter().filter(|tag| tag.name == "details").collect();
    let open: Vec<_> = groups.iter().map(|group| group.attribute("open").is_some()).collect();
    assert_eq!(open, [true, false]);
}

#[test]
fn only_who_may_act_sees_a_way_to() {
    for (name, page) in pages("x", &reader()) {
        let way = tags(&page).iter().any(|tag| tag.attribute("data-confirm").is_some());
        let posts = tags(&page).iter().any(|tag| tag.attribute("method") == Some("post"));
        assert!(!way && (!posts || name == "login" || name.starts_with("ask")), "{name}");
        assert!(!page.contains("form_token"), "{name}");
    }
    let detail = samples::job("x");
    let page = job(&detail, None, &operator("token ops"));
    for verb in [Verb::Run, Verb::Resume, Verb::SkipNext] {
        assert!(page.contains(&format!("href=\"{}\"", verb.path(&detail.job.name))), "{verb:?}");
    }
    assert!(page.contains("token ops") && page.contains("Log out"));
}

#[test]
fn of_a_job_whose_file_was_never_right_nothing_is_claimed_and_nothing_can_be_asked() {
    let never = JobOverview { plugin: None, schedule: None, ..broken("crooked") };
    let detail = JobDetail {
        job: never.clone(),
        policy: None,
        powers: Vec::new(),
        probe_targets: Vec::new(),
        ..samples::job("x")
    };
    let own = job(&detail, None, &operator("x"));
    assert_eq!(own.matches("its file was never readable").count(), 3, "of schedule, rules and powers");
    assert!(!own.contains("it has no grant") && !own.contains("only when asked"));
    for page in [own, overview(&of(vec![never]), &Sieve::default(), &operator("x"))] {
        assert!(!tags(&page).iter().any(|tag| tag.attribute("data-confirm").is_some()), "{page}");
    }
}

#[test]
fn without_a_schedule_there_is_no_due_time_to_skip() {
    let offers = |schedule| {
        let detail = samples::job("x");
        let page = job(&JobDetail { job: JobOverview { schedule, ..named("a") }, ..detail }, None, &operator("x"));
        [Verb::Run, Verb::SkipNext].map(|verb| page.contains(&format!("/jobs/a/{}", verb.as_str())))
    };
    assert_eq!(offers(named("a").schedule), [true, true]);
    assert_eq!(offers(None), [true, false]);
}

#[test]
fn a_question_posts_to_where_it_is() {
    let job = named("heads");
    let page = ask(Question::Job(Verb::SkipNext, &job), &operator("x"));
    let form = tags(&page).into_iter().find(|tag| tag.attribute("id") == Some("confirm")).unwrap();
    assert_eq!(form.attribute("method"), Some("post"));
    assert_eq!(form.attribute("action"), Some("/jobs/heads/skip-next"));
    let fields: Vec<_> = tags(&page)
        .iter()
        .filter(|tag| tag.name == "input")
        .map(|tag| tag.attribute("name").unwrap().to_owned())
        .collect();
    assert_eq!(fields, ["form_token", "form_token", "count", "note"], "the first is of the form to log out");
    let going = samples::going("x");
    let page = ask(Question::Cancel(&going), &operator("x"));
    assert!(page.contains(&format!("action=\"/runs/{}/cancel\"", going.id)));
}

#[test]
fn the_token_is_never_shown_or_kept_by_the_browser() {
    let page = login(Some("The session is over."), "/jobs/heads", &reader());
    let field = tags(&page).into_iter().find(|tag| tag.attribute("name") == Some("token")).unwrap();
    assert_eq!((field.attribute("type"), field.attribute("autocomplete")), (Some("password"), Some("off")));
    assert!(field.attribute("value").is_none());
    assert!(page.contains("The session is over.") && page.contains("value=\"/jobs/heads\""));
    assert!(login(None, "/jobs/heads", &reader()).contains("your session is over"));
    assert!(!login(None, "/", &reader()).contains("session"));
}

#[test]
fn what_is_not_known_is_not_zero() {
    let lost = crate::api::RunSummary {
        started: None,
        start_delay_seconds: None,
        duration_seconds: None,
        cpu_seconds: None,
        peak_memory_bytes: None,
        id: RunId::new(now(), 9),
        ..samples::run("x")
    };
    let detail = crate::api::RunDetail { run: lost, ..samples::run_detail("x") };
    let page = super::super::run(&detail, None, &reader());
    assert_eq!(page.matches("<dd>–</dd>").count(), 4);
    let never = restate(JobOverview { last_run: None, success_rate: None, recent: Vec::new(), ..named("a") });
    let page = overview(&of(vec![never]), &Sieve::default(), &reader());
    assert!(page.contains("never") && page.contains("–") && !page.contains("0 %"));
}

#[test]
fn a_run_that_goes_shows_how_far_it_is_on_its_page_and_its_jobs() {
    let run =
        |going| super::super::run(&crate::api::RunDetail { run: going, ..samples::run_detail("x") }, None, &reader());
    let going = samples::going("storing main");
    let text = "storing main: 1.2 GiB of 3.4 GiB, 85 MiB/s";
    for page in
        [run(going.clone()), job(&JobDetail { recent_runs: vec![going.clone()], ..samples::job("x") }, None, &reader())]
    {
        let tags = tags(&page);
        let bar = tags.iter().find(|tag| tag.name == "progress").unwrap();
        assert_eq!((bar.attribute("value"), bar.attribute("max")), (Some("35.3"), Some("100")));
        assert!(page.contains(text), "{page}");
        assert!(tags.iter().any(|tag| tag.attribute("data-going").is_some()), "it is looked at again");
    }
    let sweeping = ProgressInfo { total: None, percent: None, ..samples::progress("x") };
    let page = run(RunSummary { progress: Some(sweeping), ..going.clone() });
    assert!(tags(&page).iter().any(|tag| tag.name == "progress" && tag.attribute("value").is_none()));
    let silent = run(RunSummary { progress: None, ..going });
    assert!(silent.contains("It hasn’t said how far it is.") && silent.contains("data-going"));
    let over = run(samples::run("x"));
    assert!(!over.contains("<progress") && !over.contains("data-going"));
    let resting =
        job(&JobDetail { job: named("a"), recent_runs: vec![samples::run("x")], ..samples::job("x") }, None, &reader());
    assert!(!resting.contains("<progress") && !resting.contains("data-going"));
}

#[test]
fn the_success_rate_is_rounded_down() {
    let nearly = JobOverview { success_rate: Some(0.999), ..named("a") };
    let page = overview(&of(vec![nearly]), &Sieve::default(), &reader());
    assert!(page.contains("99 &#37;") && !page.contains("100 &#37;"));
}
