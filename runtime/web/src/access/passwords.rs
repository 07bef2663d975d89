//! Passwords of users against their bcrypt hashes. bcrypt is slow on purpose: it runs on threads that may block, few at a
//! time, and a password that was right isn't computed again.

use std::{
    collections::VecDeque,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Instant,
};

use tokio::sync::Semaphore;

use super::{
    AccessError,
    secret::{Hash, Secret, equal},
    throttle::Throttle,
};
use crate::web_config::Loaded;

/// Passwords that are remembered to be right; exporter-toolkit remembers as many.
const REMEMBERED: usize = 100;
/// Computations at once.
const AT_ONCE: usize = 2;

/// What is known of passwords: never themselves.
pub(super) struct Passwords {
    secret: Secret,
    right: Mutex<VecDeque<Hash>>,
    wrong: Throttle,
    computing: Semaphore,
}

/// What a try of a password came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tried {
    Right,
    Wrong,
    TooOften,
}

impl Passwords {
    /// # Errors
    /// The system has no random numbers.
    pub(super) fn new() -> Result<Self, AccessError> {
        Ok(Self {
            secret: Secret::random()?,
            right: Mutex::default(),
            wrong: Throttle::default(),
            computing: Semaphore::new(AT_ONCE),
        })
    }

    /// Tries a password. An unknown user takes as long as a known one.
    pub(super) async fn check(&self, config: &Loaded, user: &str, password: &str, peer: IpAddr) -> Tried {
        let Some((hash, known)) = config.password(user) else { return Tried::Wrong };
        // The hash is part of it: a changed password makes the old one unknown.
        let key = self.secret.hash(&[user.as_bytes(), password.as_bytes(), hash.as_bytes()]);
        // Before what is remembered is asked: else that would tell the right one from guesses without a bound.
        if self.wrong.is_over(peer, Instant::now()) {
            return Tried::TooOften;
        }
        if known && self.remembers(&key) {
            return Tried::Right;
        }
        // Never closed.
        let Ok(_turn) = self.computing.acquire().await else { return Tried::TooOften };
        if known && self.remembers(&key) {
            return Tried::Right;
        }
        if !self.wrong.take(peer, Instant::now()) {
            return Tried::TooOften;
        }
        let (hash, password) = (hash.to_owned(), password.to_owned());
        let work = tokio::task::spawn_blocking(move || bcrypt::verify(password, &hash).unwrap_or(false));
        let right = work.await.unwrap_or(false) && known;
        if !right {
            return Tried::Wrong;
        }
        self.wrong.forgive(peer);
        self.remember(key);
        Tried::Right
    }

    fn remembers(&self, key: &Hash) -> bool {
        self.right.lock().unwrap_or_else(PoisonError::into_inner).iter().any(|right| equal(right, key))
    }

    fn remember(&self, key: Hash) {
        let mut right = self.right.lock().unwrap_or_else(PoisonError::into_inner);
        if right.iter().any(|known| equal(known, &key)) {
            return;
        }
        if right.len() >= REMEMBERED {
            right.pop_front();
        }
        right.push_back(key);
    }
}
