//! Whose turn it is: how many runs may go at once, and in which order the waiting jobs get theirs. Knows no time.

use std::collections::{BTreeSet, HashMap, VecDeque};

use watchkeeper_model::{JobName, PluginName};

/// How many runs may go at once.
#[derive(Debug, Clone, Copy)]
pub struct Turns {
    /// Of all jobs.
    pub total: usize,
    /// Of jobs with one plugin.
    pub per_plugin: usize,
}

/// Jobs that wait for a turn: the longest waiting first, except that a plugin which has all its turns lets others pass.
pub(super) struct Waiting {
    turns: Turns,
    taken: usize,
    arrivals: u64,
    jobs: BTreeSet<JobName>,
    plugins: HashMap<PluginName, OfPlugin>,
}

#[derive(Default)]
struct OfPlugin {
    taken: usize,
    /// In the order of their arrival; those that left meanwhile are not in `jobs`.
    queue: VecDeque<(u64, JobName)>,
}

impl Waiting {
    pub(super) fn new(turns: Turns) -> Self {
        Self { turns, taken: 0, arrivals: 0, jobs: BTreeSet::new(), plugins: HashMap::new() }
    }

    /// A job waits; one that waits already keeps its place.
    pub(super) fn push(&mut self, name: &JobName, plugin: &PluginName) {
        if self.jobs.insert(name.clone()) {
            self.arrivals += 1;
            self.plugins.entry(plugin.clone()).or_default().queue.push_back((self.arrivals, name.clone()));
        }
    }

    /// A job waits no longer.
    pub(super) fn remove(&mut self, name: &JobName) {
        if self.jobs.remove(name) {
            for of_plugin in self.plugins.values_mut() {
                of_plugin.queue.retain(|(_, waiting)| waiting != name);
            }
        }
    }

    pub(super) fn clear(&mut self) {
        self.jobs.clear();
        self.plugins.values_mut().for_each(|of_plugin| of_plugin.queue.clear());
    }

    /// Takes a turn for the next job, if there is one. O(plugins).
    pub(super) fn next(&mut self) -> Option<JobName> {
        let plugin = self.served_next()?.clone();
        let of_plugin = self.plugins.get_mut(&plugin)?;
        let (_, name) = of_plugin.queue.pop_front()?;
        of_plugin.taken += 1;
        self.taken += 1;
        self.jobs.remove(&name);
        Some(name)
    }

    /// Whether a waiting job could have its turn now.
    pub(super) fn has_turn(&self) -> bool {
        self.served_next().is_some()
    }

    /// A turn is over, or wasn't used.
    pub(super) fn give_back(&mut self, plugin: &PluginName) {
        self.taken = self.taken.saturating_sub(1);
        if let Some(of_plugin) = self.plugins.get_mut(plugin) {
            of_plugin.taken = of_plugin.taken.saturating_sub(1);
            if of_plugin.taken == 0 && of_plugin.queue.is_empty() {
                self.plugins.remove(plugin);
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        self.jobs.len()
    }

    pub(super) const fn taken(&self) -> usize {
        self.taken
    }

    fn served_next(&self) -> Option<&PluginName> {
        if self.taken >= self.turns.total {
            return None;
        }
        let free = self.plugins.iter().filter(|(_, of_plugin)| of_plugin.taken < self.turns.per_plugin);
        let first = free.filter_map(|(plugin, of_plugin)| Some((of_plugin.queue.front()?.0, plugin))).min()?;
        Some(first.1)
    }
}
