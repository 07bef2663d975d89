//! Due times from outside: what texts mean, and what changes of the clock do to them.

#[cfg(test)]
mod schedules;
#[cfg(test)]
mod time_zones;
