//! How long a job's last runs took, as columns. A run that didn't end well is a thin column under a cross.

use std::{fmt::Write, time::Duration};

use watchkeeper_model::Outcome;

use super::{
    figures,
    html::{Html, counted},
};
use crate::api::RecentRun;

/// How wide a column is, with its gap.
const STEP: usize = 4;
/// Where columns begin and the highest ends; above that is the crosses' place.
const BOTTOM: f64 = 24.0;
const ROOM: f64 = 18.0;

/// The drawing, with its summary as its name, and the median below it.
pub(super) fn draw(page: &mut Html, recent: &[RecentRun]) {
    if recent.is_empty() {
        return;
    }
    page.raw("<svg class=\"spark\" role=\"img\" width=\"120\" height=\"24\"><title>")
        .text(&summary(recent))
        .raw("</title>");
    let longest = recent.iter().filter_map(|run| run.duration_seconds).fold(0.0, f64::max);
    let (mut good, mut bad) = (String::new(), String::new());
    for (place, run) in recent.iter().enumerate() {
        let left = place * STEP;
        let middle = left + 1;
        let share = run.duration_seconds.filter(|_| longest > 0.0).map_or(0.0, |seconds| seconds / longest);
        let top = BOTTOM - (share * ROOM).max(1.0);
        // Writing to a string can't fail.
        let _ = match run.outcome {
            Outcome::Success => write!(good, "M{middle}.5 24V{top:.0}"),
            _ => write!(bad, "M{middle}.5 24V{top:.0}M{left} 0l3 4m0-4l-3 4"),
        };
    }
    for (class, path) in [("s-ok", good), ("s-bad", bad)] {
        if !path.is_empty() {
            page.raw("<path class=\"").raw(class).raw("\" d=\"").text(&path).raw("\"/>");
        }
    }
    page.raw("</svg>");
    if let Some(median) = median(recent) {
        page.raw("<span class=\"under nowrap\">median ").text(&seconds(median)).raw("</span>");
    }
}

/// A number of seconds from elsewhere, in people's units.
pub(super) fn seconds(seconds: f64) -> String {
    Duration::try_from_secs_f64(seconds).map_or_else(|_| "unknown".to_owned(), figures::duration)
}

fn summary(recent: &[RecentRun]) -> String {
    let count = u64::try_from(recent.len()).unwrap_or(u64::MAX);
    let mut text = format!("Durations of the last {}", counted(count, "run", "runs"));
    let known = || recent.iter().filter_map(|run| run.duration_seconds);
    if let Some(shortest) = known().reduce(f64::min) {
        let _ = write!(text, ": {} to {}", seconds(shortest), seconds(known().fold(0.0, f64::max)));
    }
    let bad = recent.iter().filter(|run| run.outcome != Outcome::Success).count();
    let _ = write!(text, "; {bad} did not end well");
    text
}

fn median(recent: &[RecentRun]) -> Option<f64> {
    let mut known: Vec<_> = recent.iter().filter_map(|run| run.duration_seconds).collect();
    known.sort_by(f64::total_cmp);
    known.get(known.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use watchkeeper_model::Outcome;

    use super::{Html, draw};
    use crate::{
        api::RecentRun,
        tests::samples::{at, run_id},
    };

    fn run(outcome: Outcome, duration_seconds: Option<f64>) -> RecentRun {
        RecentRun { id: run_id(1), outcome, finished: at(0), duration_seconds }
    }

    fn drawing(recent: &[RecentRun]) -> String {
        let mut page = Html::default();
        draw(&mut page, recent);
        page.into_string()
    }

    #[test]
    fn a_bad_end_is_a_cross_and_a_column_is_as_high_as_its_share() {
        let drawn = drawing(&[run(Outcome::Success, Some(1.0)), run(Outcome::Timeout, Some(2.0))]);
        assert!(drawn.contains("d=\"M1.5 24V15\"") && drawn.contains("d=\"M5.5 24V6M4 0l3 4m0-4l-3 4\""), "{drawn}");
        assert!(drawn.contains("Durations of the last 2 runs: 1 s to 2 s&#59; 1 did not end well"), "{drawn}");
        assert!(drawn.contains("median 2 s"), "{drawn}");
    }

    #[test]
    fn unknown_and_impossible_durations_are_drawn_as_nothing_much() {
        let drawn = drawing(&[run(Outcome::Lost, None), run(Outcome::Success, Some(f64::NAN))]);
        assert!(drawn.contains("V23") && !drawn.contains("NaN"), "{drawn}");
        assert_eq!(drawing(&[]), "");
        assert!(!drawing(&[run(Outcome::Lost, None)]).contains("median"));
    }
}
