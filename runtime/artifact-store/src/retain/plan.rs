//! The decision. Artifacts are walked from the newest to the oldest; each rule gives its reasons to keep, and what no rule
//! wants is deleted. The newest and the last two verified are kept whatever the policy says, and what bears a time that hasn't
//! come yet is neither deleted nor counted: a wrong clock, or somebody who forges dates, can't push out good artifacts.

use std::{collections::BTreeMap, fmt, time::Duration};

use jiff::{
    SignedDuration, Timestamp,
    civil::{Date, DateTime},
    tz::Offset,
};
use watchkeeper_config::show_duration;

use super::policy::Policy;
use crate::ArtifactPath;

/// How far clocks may differ before a time counts as not come yet.
const SKEW: SignedDuration = SignedDuration::from_mins(5);

const VERIFIED: usize = 2;

/// An artifact that a policy is applied to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Where it lies.
    pub path: ArtifactPath,
    /// When it was made.
    pub created: Timestamp,
    /// Whether it was read back whole.
    pub verified: bool,
}

/// What is to be done, both lists from the oldest to the newest. No path is in both, and each candidate is in one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// What stays, and why.
    pub keep: Vec<Kept>,
    /// What goes.
    pub delete: Vec<ArtifactPath>,
}

/// An artifact that stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Where it lies.
    pub path: ArtifactPath,
    /// When it was made.
    pub created: Timestamp,
    /// Why it stays: at least one reason.
    pub reasons: Vec<Reason>,
}

/// Why an artifact stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// It is the newest of all.
    Newest,
    /// It is one of the last two that were read back whole.
    Verified,
    /// It is among the last so many.
    Last(u32),
    /// It is the newest of a period that is kept.
    Period(Period),
    /// It is at most this old.
    Within(Duration),
    /// Its time hasn't come yet.
    Future,
}

/// A period of the calendar in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// An hour, by its beginning.
    Hour(DateTime),
    /// A day.
    Day(Date),
    /// An ISO week and the year that it belongs to.
    Week(i16, i8),
    /// A year and a month.
    Month(i16, i8),
    /// A year.
    Year(i16),
}

/// Applies a policy to the artifacts of one job and name, as of `now`, in any order. A path that is given twice counts once.
#[must_use]
pub fn plan(candidates: &[Candidate], policy: &Policy, now: Timestamp) -> Plan {
    let mut walk = Walk::new(policy, now);
    let mut plan = Plan::default();
    for artifact in newest_first(candidates) {
        let reasons = walk.reasons(artifact);
        let Artifact { created, path, .. } = artifact;
        if reasons.is_empty() {
            plan.delete.push(path.clone());
        } else {
            plan.keep.push(Kept { path: path.clone(), created, reasons });
        }
    }
    plan.keep.reverse();
    plan.delete.reverse();
    plan
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Artifact<'a> {
    created: Timestamp,
    path: &'a ArtifactPath,
    verified: bool,
}

fn newest_first(candidates: &[Candidate]) -> impl Iterator<Item = Artifact<'_>> {
    let distinct: BTreeMap<&ArtifactPath, &Candidate> = candidates.iter().map(|one| (&one.path, one)).collect();
    let mut artifacts: Vec<_> = distinct
        .into_iter()
        .map(|(path, one)| Artifact { created: one.created, path, verified: one.verified })
        .collect();
    artifacts.sort_unstable();
    artifacts.into_iter().rev()
}

/// The rules at work on artifacts that come from the newest to the oldest.
struct Walk<'a> {
    policy: &'a Policy,
    now: Timestamp,
    seen: usize,
    verified: usize,
    calendars: [Calendar; 5],
}

/// A rule of the calendar: how many of its periods it may still keep, and the last that it saw.
struct Calendar {
    left: u32,
    last: Option<Period>,
    period: fn(DateTime) -> Period,
}

impl<'a> Walk<'a> {
    fn new(policy: &'a Policy, now: Timestamp) -> Self {
        let calendar = |left, period| Calendar { left, last: None, period };
        let calendars = [
            calendar(policy.keep_hourly, |at| Period::Hour(at.date().at(at.hour(), 0, 0, 0))),
            calendar(policy.keep_daily, |at| Period::Day(at.date())),
            calendar(policy.keep_weekly, |at| {
                let week = at.date().iso_week_date();
                Period::Week(week.year(), week.week())
            }),
            calendar(policy.keep_monthly, |at| Period::Month(at.year(), at.month())),
            calendar(policy.keep_yearly, |at| Period::Year(at.year())),
        ];
        Self { policy, now, seen: 0, verified: 0, calendars }
    }

    fn reasons(&mut self, artifact: Artifact<'_>) -> Vec<Reason> {
        let age = self.now.duration_since(artifact.created);
        if -age > SKEW {
            return vec![Reason::Future];
        }
        let mut reasons = Vec::new();
        if self.seen == 0 {
            reasons.push(Reason::Newest);
        }
        if artifact.verified && self.verified < VERIFIED {
            self.verified += 1;
            reasons.push(Reason::Verified);
        }
        if self.seen < usize::try_from(self.policy.keep_last).unwrap_or(usize::MAX) {
            reasons.push(Reason::Last(self.policy.keep_last));
        }
        self.seen += 1;
        let at = Offset::UTC.to_datetime(artifact.created);
        reasons.extend(self.calendars.iter_mut().filter_map(|calendar| calendar.keeps(at)).map(Reason::Period));
        if let Some(within) = self.policy.keep_within
            && SignedDuration::try_from(within).map_or(true, |within| age <= within)
        {
            reasons.push(Reason::Within(within));
        }
        reasons
    }
}

impl Calendar {
    fn keeps(&mut self, at: DateTime) -> Option<Period> {
        let period = (self.period)(at);
        if self.left == 0 || self.last == Some(period) {
            return None;
        }
        self.left -= 1;
        self.last = Some(period);
        self.last
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Newest => f.write_str("newest"),
            Self::Verified => f.write_str("one of the last two verified"),
            Self::Last(count) => write!(f, "last {count}"),
            Self::Period(period) => period.fmt(f),
            Self::Within(within) => write!(f, "within {}", show_duration(*within)),
            Self::Future => f.write_str("from the future"),
        }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hour(at) => write!(f, "hourly {}T{:02}", at.date(), at.hour()),
            Self::Day(date) => write!(f, "daily {date}"),
            Self::Week(year, week) => write!(f, "weekly {year:04}-W{week:02}"),
            Self::Month(year, month) => write!(f, "monthly {year:04}-{month:02}"),
            Self::Year(year) => write!(f, "yearly {year:04}"),
        }
    }
}
