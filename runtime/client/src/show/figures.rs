//! Times, durations and sizes for people. What isn't known is a dash, never a zero.

use jiff::Timestamp;

const UNKNOWN: &str = "-";

/// A moment, to the second in UTC.
pub(crate) fn time(moment: Timestamp) -> String {
    moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// How long ago something was: `3s ago`.
pub(crate) fn age(now: Timestamp, then: Option<Timestamp>) -> String {
    then.map_or_else(|| UNKNOWN.to_owned(), |then| format!("{} ago", rough(now.duration_since(then).as_secs())))
}

/// How far ahead something is: `in 3s`; `now` where its time has come.
pub(crate) fn ahead(now: Timestamp, then: Option<Timestamp>) -> String {
    match then.map(|then| then.duration_since(now).as_secs()) {
        None => UNKNOWN.to_owned(),
        Some(..=0) => "now".to_owned(),
        Some(seconds) => format!("in {}", rough(seconds)),
    }
}

/// The largest unit that fits.
fn rough(seconds: i64) -> String {
    match seconds.max(0) {
        seconds @ ..60 => format!("{seconds}s"),
        seconds @ 60..3600 => format!("{}m", seconds / 60),
        seconds @ 3600..172_800 => format!("{}h", seconds / 3600),
        seconds => format!("{}d", seconds / 86_400),
    }
}

/// A duration: `1.2ms`, `3.4s`, `5m`, `26h`.
pub(crate) fn seconds(duration: Option<f64>) -> String {
    let Some(duration) = duration else { return UNKNOWN.to_owned() };
    let (value, unit) = match duration {
        ..1.0 => (duration * 1e3, "ms"),
        ..60.0 => (duration, "s"),
        ..3600.0 => (duration / 60.0, "m"),
        _ => (duration / 3600.0, "h"),
    };
    let shown = format!("{value:.1}");
    format!("{}{unit}", shown.strip_suffix(".0").unwrap_or(&shown))
}

/// A part of 1 as a percentage; 100 and 0 only where it is all or nothing.
pub(crate) fn percent(part: Option<f64>) -> String {
    part.map_or_else(
        || UNKNOWN.to_owned(),
        |part| {
            let shown =
                if part >= 1.0 { 100.0 } else { (part * 100.0).floor().max(if part > 0.0 { 1.0 } else { 0.0 }) };
            format!("{shown:.0}%")
        },
    )
}

/// A size: `640 B`, `1.5 MiB`.
pub(crate) fn bytes(size: Option<u64>) -> String {
    let Some(size) = size else { return UNKNOWN.to_owned() };
    let unit = [(30, "GiB"), (20, "MiB"), (10, "KiB")].into_iter().find(|(bits, _)| size >> bits > 0);
    match unit {
        Some((bits, unit)) => format!("{}.{} {unit}", size >> bits, ((size & ((1 << bits) - 1)) * 10) >> bits),
        None => format!("{size} B"),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::{age, ahead, bytes, percent, seconds};

    #[test]
    fn figures_are_short_and_the_unknown_is_a_dash() {
        let at = |second| Some(Timestamp::from_second(second).unwrap());
        let now = at(1_000_000).unwrap();
        assert_eq!(
            [age(now, at(999_997)), age(now, at(999_000)), age(now, at(900_000))],
            ["3s ago", "16m ago", "27h ago"]
        );
        assert_eq!([age(now, at(1_000_005)), age(now, at(0)), age(now, None)], ["0s ago", "11d ago", "-"]);
        assert_eq!([ahead(now, at(1_000_012)), ahead(now, at(999_000)), ahead(now, None)], ["in 12s", "now", "-"]);
        assert_eq!([seconds(Some(0.0012)), seconds(Some(0.9996)), seconds(Some(10.0))], ["1.2ms", "999.6ms", "10s"]);
        assert_eq!([seconds(Some(90.0)), seconds(Some(93_600.0)), seconds(None)], ["1.5m", "26h", "-"]);
        assert_eq!([percent(Some(1.0)), percent(Some(0.999)), percent(Some(0.001))], ["100%", "99%", "1%"]);
        assert_eq!([percent(Some(0.0)), percent(None)], ["0%", "-"]);
        assert_eq!([bytes(Some(640)), bytes(Some(1_572_864)), bytes(None)], ["640 B", "1.5 MiB", "-"]);
    }
}
