//! The judge: what was promised, held against the rows. Due times are counted one by one from the text of the schedule;
//! nothing here asks the program's own code.

use std::collections::{BTreeMap, HashMap};

use super::{
    load::{self, Rules},
    records::{Generation, Records, Run},
    storm::Account,
};

const MINUTE: i64 = 60_000_000_000;

/// What is wrong, one line each; empty where every promise was kept.
pub(super) fn judge(account: &Account) -> Vec<String> {
    let (records, rules) = (&account.records, load::rules());
    let mut wrong = Vec::new();
    for generation in &records.generations {
        wrong.extend(coverage(records, generation, &rules[generation.job.as_str()], account.calm));
    }
    wrong.extend(attempts(records, &rules));
    wrong.extend(records.runs.iter().filter_map(|run| end(records, run)));
    for (job, rules) in &rules {
        let runs: Vec<&Run> = records.runs.iter().filter(|run| run.job == *job).collect();
        if !rules.overlaps {
            wrong.extend(overlaps(&runs));
        }
        if rules.keeps_all && !rules.overlaps {
            let successes = runs.iter().filter(|run| run.outcome.as_deref() == Some("success")).count() as u64;
            let remembered = records.remembered.get(*job).copied().unwrap_or(0);
            wrong
                .extend((remembered != successes).then(|| format!("{job} remembers {remembered} of {successes} runs")));
        }
    }
    wrong.extend(actions(account));
    wrong
}

/// Each due time from the generation's beginning to its cursor has exactly one disposition, nothing else has one, and no
/// due time was left behind the cursor when the generation ended or everything had caught up.
fn coverage(records: &Records, generation: &Generation, rules: &Rules, calm: i64) -> Vec<String> {
    let Generation { job, number, .. } = generation;
    let mut wrong = Vec::new();
    let mut say = |what: String| wrong.push(format!("{job}, generation {number}: {what}"));
    let mut got: BTreeMap<i64, u32> = BTreeMap::new();
    let of_it = |run: &&Run| run.job == *job && run.generation == *number;
    let firsts: Vec<&Run> = records.runs.iter().filter(of_it).filter(|run| run.attempt == 1).collect();
    for nominal in firsts.iter().filter_map(|run| run.nominal) {
        *got.entry(nominal).or_default() += 1;
    }
    let runs = got.values().map(|count| u64::from(*count)).sum::<u64>();
    let mut skipped = 0;
    for skip in records.skips.iter().filter(|skip| skip.job == *job && skip.generation == *number) {
        let covered = due_times(records, generation, skip.first - 1, skip.last);
        if covered.len() as u64 != skip.count || covered.last() != Some(&skip.last) || covered[0] != skip.first {
            say(format!("a skip counts {} of {} from {} to {}", skip.count, covered.len(), skip.first, skip.last));
        }
        covered.into_iter().for_each(|due| *got.entry(due).or_default() += 1);
        skipped += skip.count;
    }
    let due = due_times(records, generation, generation.began, generation.cursor);
    for (nominal, count) in &got {
        match (due.binary_search(nominal).is_ok(), count) {
            (false, _) => say(format!("{nominal} is not due, or not yet, and has a disposition")),
            (true, 1) => {}
            (true, _) => say(format!("{nominal} has a disposition twice")),
        }
    }
    if rules.keeps_all {
        due.iter().filter(|due| !got.contains_key(due)).for_each(|due| say(format!("{due} has no disposition")));
    }
    if skipped != generation.skips || (rules.keeps_all && runs != generation.runs) {
        say(format!("counts {} runs and {} skips of {runs} and {skipped}", generation.runs, generation.skips));
    }
    if generation.runs + generation.skips != due.len() as u64 {
        say(format!("counts {} and {} of {} due times", generation.runs, generation.skips, due.len()));
    }
    let behind = due_times(records, generation, generation.cursor, generation.ended.unwrap_or(calm));
    behind.iter().for_each(|due| say(format!("{due} has no disposition behind the cursor")));
    wrong
}

/// The due times in (`after`, `until`], one by one.
fn due_times(records: &Records, generation: &Generation, after: i64, until: i64) -> Vec<i64> {
    let fields: Vec<&str> = generation.schedule.split(' ').collect();
    match fields[..] {
        ["none"] => Vec::new(),
        ["every/1", period] => {
            let period = nanoseconds(period);
            // Where in its period a job is due is read off its first due time; all others have to agree.
            let Some(offset) = first_nominal(records, generation).map(|nominal| nominal % period) else {
                return Vec::new();
            };
            let first = (after - offset).div_euclid(period) + 1;
            (first..).map(|number| offset + number * period).take_while(|due| *due <= until).collect()
        }
        ["cron/1", _, minutes, "*", "*", "*", "*"] => {
            let step = minutes.strip_prefix("*/").map_or(1, |step| step.parse().expect("a step"));
            let minutes = (after.div_euclid(MINUTE) + 1..).map(|minute| minute * MINUTE);
            minutes.take_while(|due| *due <= until).filter(|due| due / MINUTE % 60 % step == 0).collect()
        }
        _ => panic!("a schedule that no job has: {}", generation.schedule),
    }
}

/// The first due time that the job was ever run or skipped for by this schedule.
fn first_nominal(records: &Records, of: &Generation) -> Option<i64> {
    let same = |number: u64| {
        let mut all = records.generations.iter();
        all.any(|it| it.job == of.job && it.number == number && it.schedule == of.schedule)
    };
    let runs =
        records.runs.iter().filter(|run| run.job == of.job && same(run.generation)).filter_map(|run| run.nominal);
    let skips = records.skips.iter().filter(|skip| skip.job == of.job && same(skip.generation)).map(|skip| skip.first);
    runs.chain(skips).min()
}

fn nanoseconds(text: &str) -> i64 {
    let digits = text.trim_end_matches(char::is_alphabetic);
    let unit = match &text[digits.len()..] {
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        other => panic!("a unit that no job has: {other}"),
    };
    digits.parse::<i64>().expect("a number") * unit
}

/// The tries of a run are numbered without a gap; each was allowed by the one before; a lost run that may be tried again
/// was, unless something newer took its place.
fn attempts(records: &Records, rules: &BTreeMap<&str, Rules>) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut tries: HashMap<&str, Vec<&Run>> = HashMap::new();
    for run in &records.runs {
        tries.entry(run.first.as_str()).or_default().push(run);
    }
    for (first, mut tries) in tries {
        tries.sort_by_key(|run| run.attempt);
        let numbers: Vec<u64> = tries.iter().map(|run| run.attempt).collect();
        let job = &tries[0].job;
        let rules = &rules[job.as_str()];
        // A job that keeps failures only may have dropped the success of a last try, and nothing else.
        if numbers != (1..=tries.len() as u64).collect::<Vec<_>>() {
            wrong.push(format!("{job}: the attempts of {first} are {numbers:?}"));
        }
        for (before, after) in tries.iter().zip(tries.iter().skip(1)) {
            let outcome = before.outcome.as_deref().unwrap_or("none");
            if after.attempt > rules.attempts_after(outcome) {
                wrong.push(format!("{job}: {outcome} of {first} was tried again, as attempt {}", after.attempt));
            }
            if before.nominal != after.nominal || before.generation != after.generation {
                wrong.push(format!("{job}: the attempts of {first} are for different due times"));
            }
        }
        let last = tries[tries.len() - 1];
        let outcome = last.outcome.as_deref().unwrap_or("none");
        if outcome == "lost" && last.attempt < rules.attempts_after(outcome) && !replaced(records, last) {
            wrong.push(format!("{job}: the lost run {} was forgotten", last.id));
        }
    }
    wrong
}

/// Whether a try is still to come, or something newer took a lost run's place.
fn replaced(records: &Records, lost: &Run) -> bool {
    let noticed = lost.finished.unwrap_or(i64::MAX);
    let later = |run: &Run| run.job == lost.job && run.nominal.is_some() && run.attempt == 1 && run.claimed >= noticed;
    let current = |generation: &Generation| {
        generation.job == lost.job && generation.number == lost.generation && generation.ended.is_none()
    };
    lost.retry_at.is_some() || records.runs.iter().any(later) || !records.generations.iter().any(current)
}

/// A run has an end; a lost one was found by a process that began later.
fn end(records: &Records, run: &Run) -> Option<String> {
    let Run { id, job, epoch, .. } = run;
    let last = records.nodes.keys().last() == Some(epoch);
    match (run.outcome.as_deref(), run.finished) {
        (Some("lost"), _) if last => Some(format!("{job}: {id} is lost, and its process ended in order")),
        (Some("lost"), Some(at)) if records.nodes.iter().any(|(later, began)| later > epoch && *began == at) => None,
        (Some("lost"), _) => Some(format!("{job}: {id} is lost, and no later process found it at its start")),
        (Some(_), Some(at)) if run.started.is_none_or(|started| run.claimed <= started && started <= at) => None,
        (Some(_), _) => Some(format!("{job}: the times of {id} run backwards: {run:?}")),
        (None, _) => Some(format!("{job}: {id} has no end")),
    }
}

/// Runs that began before the one before them was over. A lost run may have gone until somebody found it lost.
fn overlaps(runs: &[&Run]) -> Vec<String> {
    let mut spans: Vec<(i64, i64, &str)> = runs
        .iter()
        .filter(|run| run.started.is_some() || run.outcome.as_deref() == Some("lost"))
        .map(|run| (run.started.unwrap_or(run.claimed), run.finished.unwrap_or(i64::MAX), run.id.as_str()))
        .collect();
    spans.sort_unstable();
    let pairs = spans.iter().zip(spans.iter().skip(1));
    let wrong = pairs.filter(|(before, after)| after.0 < before.1);
    wrong.map(|(before, after)| format!("{}: runs {} and {} overlap", runs[0].job, before.2, after.2)).collect()
}

/// What was answered well is in the ledger, once.
fn actions(account: &Account) -> Vec<String> {
    let mut wrong = Vec::new();
    for told in &account.told {
        let same = account.records.actions.iter().filter(|action| action.note == told.note);
        let found: Vec<(&str, &str)> = same.map(|action| (action.verb.as_str(), action.job.as_str())).collect();
        if found != [(told.verb, told.job.as_str())] {
            wrong.push(format!("{} of {} was answered, and is not in the ledger: {found:?}", told.verb, told.job));
        }
    }
    wrong
}
