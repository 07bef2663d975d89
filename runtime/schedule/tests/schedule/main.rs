//! Due times and what is done about them, from outside: what texts mean, what changes of the clock do to them, and what
//! is decided.

#[cfg(test)]
mod decisions;
#[cfg(test)]
mod numbers;
#[cfg(test)]
mod oracle;
#[cfg(test)]
mod page;
#[cfg(test)]
mod retries;
#[cfg(test)]
mod schedules;
#[cfg(test)]
mod time_zones;
