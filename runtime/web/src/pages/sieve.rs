//! Which jobs the first page shows. `script.js` hides rows by the same rule until the server has answered.

use super::{html::clip, words};
use crate::{
    api::{JobOverview, JobState},
    escape,
};

/// The most characters of a schedule that are looked at.
const SCHEDULE: usize = 200;

/// The query of the first page. A word of `show` that it doesn't know shows everything.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(default)]
pub(crate) struct Sieve {
    /// Only jobs that have this in their name, plugin, schedule or state.
    pub(crate) q: String,
    /// Only jobs of this [`Group`]: `wrong`, `paused`, `well`.
    pub(crate) show: String,
}

/// What belongs together, in the order of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Group {
    /// Broken and failing ones.
    Wrong,
    /// Those that somebody stopped for now.
    Paused,
    /// All others.
    Well,
}

impl Group {
    pub(super) const ALL: [Self; 3] = [Self::Wrong, Self::Paused, Self::Well];

    pub(super) const fn of(state: JobState) -> Self {
        match state {
            JobState::Broken | JobState::Failing => Self::Wrong,
            JobState::Paused => Self::Paused,
            JobState::Running | JobState::Waiting | JobState::Ok => Self::Well,
        }
    }

    /// As the query has it.
    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::Wrong => "wrong",
            Self::Paused => "paused",
            Self::Well => "well",
        }
    }

    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Wrong => "Wrong",
            Self::Paused => "Paused",
            Self::Well => "Well",
        }
    }
}

impl Sieve {
    pub(super) fn passes(&self, job: &JobOverview) -> bool {
        self.group().is_none_or(|group| group == Group::of(job.state)) && text_of(job).contains(&self.words())
    }

    /// The group that is asked for.
    pub(super) fn group(&self) -> Option<Group> {
        Group::ALL.into_iter().find(|group| group.key() == self.show)
    }

    /// Whether it may hold back anything.
    pub(super) fn is_open(&self) -> bool {
        self.group().is_none() && self.words().is_empty()
    }

    fn words(&self) -> String {
        escape::clean(&self.q).trim().to_lowercase()
    }
}

/// What [`Sieve::q`] looks at, in small letters.
pub(super) fn text_of(job: &JobOverview) -> String {
    let plugin = job.plugin.as_ref().map_or("", |plugin| plugin.as_str());
    let schedule = job.schedule.as_ref().map(|schedule| clip(&schedule.written, SCHEDULE)).unwrap_or_default();
    let mut text = [job.name.as_str(), plugin, &schedule, words::state(job.state).text].join(" ");
    if job.pause.is_some() && job.state != JobState::Paused {
        text.push_str(" paused");
    }
    text.to_lowercase()
}
