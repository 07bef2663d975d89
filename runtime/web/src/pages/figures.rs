//! Times, durations and sizes in people's units. Times are in UTC and to the second; beside each stands how long ago it
//! was, which `script.js` keeps current by the same rule.

use std::time::Duration;

use jiff::Timestamp;

use super::html::Html;

/// The absolute and the relative time, for a line of text: `2026-11-22 19:30:11 UTC, 3 min ago`.
pub(super) fn moment(page: &mut Html, time: Timestamp, now: Timestamp) {
    open(page, time);
    page.show(time.strftime("%F %T UTC"))
        .raw(", <span class=\"ago\">")
        .text(&relative(time, now))
        .raw("</span></time>");
}

/// The same for a table's cell: the relative time, and below it the absolute one.
pub(super) fn moment_stacked(page: &mut Html, time: Timestamp, now: Timestamp) {
    open(page, time);
    page.raw("<span class=\"ago\">").text(&relative(time, now)).raw("</span> <span class=\"utc\">");
    page.show(time.strftime(short(time, now))).raw("</span></time>");
}

/// Both in one short line: `3 min ago, 19:30:11`.
pub(super) fn moment_short(page: &mut Html, time: Timestamp, now: Timestamp) {
    open(page, time);
    page.raw("<span class=\"ago\">").text(&relative(time, now)).raw("</span>, ");
    page.show(time.strftime(short(time, now))).raw("</time>");
}

/// The time of day; with the date where it isn't today's.
fn short(time: Timestamp, now: Timestamp) -> &'static str {
    let day = |time: Timestamp| time.as_second().div_euclid(86_400);
    if day(time) == day(now) { "%T" } else { "%F %T" }
}

fn open(page: &mut Html, time: Timestamp) {
    page.raw("<time datetime=\"").show(time.strftime("%FT%TZ")).raw("\">");
}

/// `now`, `12 s ago`, `in 3 min`. Whole units, rounded down; hours up to two days.
pub(super) fn relative(time: Timestamp, now: Timestamp) -> String {
    let seconds = now.as_second() - time.as_second();
    let (count, unit) = match seconds.unsigned_abs() {
        0 => return "now".to_owned(),
        s @ ..60 => (s, "s"),
        s @ ..3_600 => (s / 60, "min"),
        s @ ..172_800 => (s / 3_600, "h"),
        s => (s / 86_400, "d"),
    };
    if seconds < 0 { format!("in {count} {unit}") } else { format!("{count} {unit} ago") }
}

/// Three digits in the unit that fits: `640 µs`, `12.5 ms`, `1.24 s`, `3 min 20 s`, `2 h 5 min`.
pub(super) fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    match duration.as_secs() {
        0 if duration.is_zero() => "0 s".to_owned(),
        0 if seconds < 0.000_999_5 => format!("{} µs", three_digits(seconds * 1e6)),
        0 if seconds < 0.999_5 => format!("{} ms", three_digits(seconds * 1e3)),
        ..60 => format!("{} s", three_digits(seconds)),
        s @ ..3_600 => two_units(s / 60, "min", s % 60, "s"),
        s @ ..172_800 => two_units(s / 3_600, "h", s % 3_600 / 60, "min"),
        s => two_units(s / 86_400, "d", s % 86_400 / 3_600, "h"),
    }
}

fn three_digits(value: f64) -> String {
    let places = if value < 9.995 { 2 } else { usize::from(value < 99.95) };
    let text = format!("{value:.places$}");
    if places == 0 { text } else { text.trim_end_matches('0').trim_end_matches('.').to_owned() }
}

fn two_units(count: u64, unit: &str, rest: u64, rest_unit: &str) -> String {
    if rest == 0 { format!("{count} {unit}") } else { format!("{count} {unit} {rest} {rest_unit}") }
}

/// `512 B`, `1.5 KiB`, `64 MiB`.
pub(super) fn bytes(bytes: u64) -> String {
    // What is lost is far behind the three digits that are shown.
    let mut value = bytes as f64;
    let mut unit = "B";
    for larger in ["KiB", "MiB", "GiB", "TiB"] {
        if value < 999.5 {
            break;
        }
        (value, unit) = (value / 1_024.0, larger);
    }
    format!("{} {unit}", three_digits(value))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::Timestamp;

    use super::{Html, bytes, duration, moment, moment_stacked, relative};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).unwrap()
    }

    #[test]
    fn relative_times_are_whole_units_in_both_directions() {
        let words = |seconds: i64| relative(at(-seconds), at(0));
        assert_eq!([0, 1, 59, 60, 3_599].map(words), ["now", "1 s ago", "59 s ago", "1 min ago", "59 min ago"]);
        assert_eq!([3_600, 172_799, 172_800].map(words), ["1 h ago", "47 h ago", "2 d ago"]);
        assert_eq!([-1, -90].map(words), ["in 1 s", "in 1 min"]);
    }

    #[test]
    fn times_are_machine_readable_and_in_utc_to_the_second() {
        let (mut line, mut cell) = (Html::default(), Html::default());
        moment(&mut line, at(0), at(5));
        moment_stacked(&mut cell, at(0), at(86_400));
        let (line, cell) = (line.into_string(), cell.into_string());
        let open = "<time datetime=\"2023-11-14T22:13:20Z\">";
        assert_eq!(line, format!("{open}2023-11-14 22:13:20 UTC, <span class=\"ago\">5 s ago</span></time>"));
        assert!(cell.ends_with("<span class=\"utc\">2023-11-14 22:13:20</span></time>"), "{cell}");
    }

    #[test]
    fn durations_and_sizes_have_three_digits_at_most() {
        let nanos = |nanos| duration(Duration::from_nanos(nanos));
        assert_eq!([0, 640, 1_000_000, 12_500_000].map(nanos), ["0 s", "0.64 µs", "1 ms", "12.5 ms"]);
        assert_eq!([999_900_000, 1_239_000_000, 59_000_000_000].map(nanos), ["1 s", "1.24 s", "59 s"]);
        let seconds = |seconds| duration(Duration::from_secs(seconds));
        assert_eq!([60, 200, 7_500, 180_000].map(seconds), ["1 min", "3 min 20 s", "2 h 5 min", "2 d 2 h"]);
        assert_eq!([0, 512, 1_536, 1 << 26].map(bytes), ["0 B", "512 B", "1.5 KiB", "64 MiB"]);
        assert_eq!(bytes(u64::MAX), "16777216 TiB");
    }
}
