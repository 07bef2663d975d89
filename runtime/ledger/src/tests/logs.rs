//! What runs said is kept in order, within limits, and whatever it is.

use watchkeeper_model::{LogLevel, LogLine, Outcome};

use super::{at, book, claim, due, end, ended, finish, generation, job, one};
use crate::{Action, Book, Entry, LogFilter, MAX_LOG_BYTES, MAX_TEXT_BYTES, RunFilter};

pub(super) fn line(message: &str) -> LogLine {
    LogLine { level: LogLevel::Info, message: message.to_owned(), fields: Vec::new() }
}

fn said(book: &mut Book, name: &str, second: i64, lines: Vec<LogLine>) -> watchkeeper_model::RunId {
    let run = due(name, second);
    let mut end = end(Outcome::Success, second);
    end.logs = lines;
    ended(book, &run, end);
    run.id
}

fn told(book: &Book, filter: LogFilter) -> Vec<String> {
    book.log_lines(&filter).unwrap().into_iter().map(|record| record.line.message).collect()
}

#[test]
fn lines_are_followed_across_runs_without_gap_or_repetition() {
    let mut book = book();
    one(&mut book, generation("other", "every 1s", 0)).unwrap();
    for second in 1..=20 {
        let name = if second % 4 == 0 { "other" } else { "probe" };
        said(&mut book, name, second, (0..3).map(|number| line(&format!("{second}/{number}"))).collect());
    }
    let all: Vec<_> = (1..=20).flat_map(|second| (0..3).map(move |number| format!("{second}/{number}"))).collect();
    let mut followed = Vec::new();
    let mut after = Some(0);
    loop {
        let records = book.log_lines(&LogFilter { after, limit: 7, ..LogFilter::default() }).unwrap();
        let Some(last) = records.last() else { break };
        after = Some(last.position);
        followed.extend(records.into_iter().map(|record| record.line.message));
    }
    assert_eq!(followed, all);
    assert_eq!(told(&book, LogFilter { limit: 4, ..LogFilter::default() }), all[56..]);
    let other = LogFilter { job: Some(job("other")), limit: 4, ..LogFilter::default() };
    assert_eq!(told(&book, other), ["16/2", "20/0", "20/1", "20/2"]);
}

#[test]
fn lines_are_found_by_run_and_level() {
    let mut book = book();
    said(&mut book, "probe", 1, vec![line("a"), line("b")]);
    let loud = vec![
        line("c"),
        LogLine { level: LogLevel::Warn, ..line("d") },
        LogLine { level: LogLevel::Error, ..line("e") },
    ];
    let run = said(&mut book, "probe", 2, loud.clone());
    said(&mut book, "probe", 3, vec![LogLine { level: LogLevel::Debug, ..line("f") }]);
    assert_eq!(book.logs(run).unwrap(), loud);
    assert_eq!(book.run(run).unwrap().unwrap().run.end.unwrap().logs, loud);
    let of = |level| told(&book, LogFilter { level, limit: 9, ..LogFilter::default() });
    assert_eq!(of(LogLevel::Error), ["e"]);
    assert_eq!(of(LogLevel::Warn), ["d", "e"]);
    assert_eq!(of(LogLevel::Info), ["a", "b", "c", "d", "e"]);
    assert_eq!(told(&book, LogFilter { run: Some(run), limit: 9, ..LogFilter::default() }), ["c", "d", "e"]);
    assert_eq!(of(LogLevel::Trace).len(), 6);
}

#[test]
fn a_flood_is_cut_and_says_so() {
    let mut book = book();
    let quarter = MAX_LOG_BYTES / 4;
    let run = said(&mut book, "probe", 1, vec![line(&"x".repeat(quarter)); 6]);
    let kept = book.logs(run).unwrap();
    assert_eq!(kept.len(), 5);
    assert_eq!((kept[4].level, kept[4].message.as_str()), (LogLevel::Warn, "2 more lines did not fit"));
}

#[test]
fn hostile_texts_come_back_as_they_were() {
    const TEXTS: [&str; 6] = [
        "'); DROP TABLE runs; --",
        "<script>alert(1)</script>",
        "a\0b\u{1b}[31m\r\n\t",
        "\u{202e}txt.exe \u{feff}",
        "\"quoted\" \\ \u{fffd} 🕯",
        "",
    ];
    let mut book = book();
    for (second, text) in (1..).zip(TEXTS) {
        let mut run = due("probe", second);
        run.trigger = watchkeeper_model::Trigger::Manual(text.to_owned());
        let mut end = end(Outcome::Failed, second);
        end.message = text.to_owned();
        end.logs = vec![LogLine { fields: vec![(text.to_owned(), text.to_owned())], ..line(text) }];
        let action = Action {
            at: at(second),
            by: text.into(),
            verb: text.into(),
            job: None,
            run: Some(run.id),
            note: text.into(),
        };
        let pause = Entry::Pause { job: job("probe"), by: text.to_owned(), note: text.to_owned(), at: at(second) };
        let entries = [claim(&run), finish(&run, end.clone()), Entry::Action(action.clone()), pause];
        assert!(book.record(&entries).unwrap().iter().all(Result::is_ok));
        let told = book.run(run.id).unwrap().unwrap().run;
        assert_eq!((told.start, told.end), (run, Some(end)));
        assert_eq!(book.actions(None, 1).unwrap()[0].action, action);
        assert_eq!(super::probe(&book).paused.unwrap().note, text);
    }
    assert_eq!(book.runs(&RunFilter { limit: 99, ..RunFilter::default() }).unwrap().len(), TEXTS.len());
}

#[test]
fn long_texts_are_cut_at_a_letter() {
    let mut book = book();
    let run = due("probe", 1);
    let mut end = end(Outcome::Failed, 1);
    end.message = "é".repeat(MAX_TEXT_BYTES);
    book.record(&[claim(&run), finish(&run, end)]).unwrap();
    let message = book.run(run.id).unwrap().unwrap().run.end.unwrap().message;
    assert_eq!(message, "é".repeat(MAX_TEXT_BYTES / 2));
}
