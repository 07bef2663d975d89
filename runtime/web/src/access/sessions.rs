//! Sessions of browsers: made from a token, kept in memory, found by the hash of a random id.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::Timestamp;

use super::{
    AccessError,
    secret::{Hash, Secret, hex, random},
    tokens::Shown,
};
use crate::api::{Actor, Right};

/// How long a session lasts at most.
pub(crate) const LIFETIME: Duration = Duration::from_hours(12);
/// Sessions at once; a further one ends the one that would end first.
const MOST: usize = 1_000;

/// All sessions.
pub(super) struct Sessions {
    secret: Secret,
    open: Mutex<HashMap<Hash, Session>>,
}

/// What a session is good for. It ends with the token that it was made from.
#[derive(Clone)]
pub(super) struct Session {
    pub(super) actor: Actor,
    pub(super) rights: Vec<Right>,
    pub(super) until: Timestamp,
}

impl Sessions {
    /// # Errors
    /// The system has no random numbers.
    pub(super) fn new() -> Result<Self, AccessError> {
        Ok(Self { secret: Secret::random()?, open: Mutex::default() })
    }

    /// Begins a session, and returns the id to be kept by the browser.
    ///
    /// # Errors
    /// The system has no random numbers.
    pub(super) fn begin(&self, shown: Shown, now: Timestamp) -> Result<String, AccessError> {
        let id = hex(&random()?);
        let longest = now.checked_add(LIFETIME).unwrap_or(Timestamp::MAX);
        let until = shown.expires.map_or(longest, |expires| expires.min(longest));
        let mut open = self.open();
        open.retain(|_, session| now < session.until);
        if open.len() >= MOST {
            let soonest = open.iter().min_by_key(|(_, session)| session.until).map(|(key, _)| *key);
            soonest.map(|key| open.remove(&key));
        }
        open.insert(self.key(&id), Session { actor: shown.actor, rights: shown.rights, until });
        Ok(id)
    }

    /// The session of an id, if it is still open, and its key.
    pub(super) fn find(&self, id: &str, now: Timestamp) -> Option<(Hash, Session)> {
        let key = self.key(id);
        let session = self.open().get(&key).filter(|session| now < session.until).cloned()?;
        Some((key, session))
    }

    pub(super) fn is_open(&self, key: &Hash, now: Timestamp) -> bool {
        self.open().get(key).is_some_and(|session| now < session.until)
    }

    pub(super) fn end(&self, key: &Hash) {
        self.open().remove(key);
    }

    fn key(&self, id: &str) -> Hash {
        self.secret.hash(&[id.as_bytes()])
    }

    fn open(&self) -> MutexGuard<'_, HashMap<Hash, Session>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::{LIFETIME, MOST, Sessions};
    use crate::{access::tokens::Shown, api::Actor};

    fn shown(expires: Option<Timestamp>) -> Shown {
        Shown { actor: Actor { name: "token x".into() }, rights: Vec::new(), expires }
    }

    #[test]
    fn a_session_ends_after_twelve_hours_with_its_token_or_when_it_is_ended() {
        let (sessions, now) = (Sessions::new().unwrap(), Timestamp::UNIX_EPOCH);
        let id = sessions.begin(shown(None), now).unwrap();
        assert!(sessions.find(&id, now + LIFETIME - SignedDuration::from_secs(1)).is_some());
        assert!(sessions.find(&id, now + LIFETIME).is_none());
        let short = sessions.begin(shown(Some(now + SignedDuration::from_mins(1))), now).unwrap();
        let (key, _) = sessions.find(&short, now).unwrap();
        assert!(!sessions.is_open(&key, now + SignedDuration::from_mins(1)));
        let (key, _) = sessions.find(&id, now).unwrap();
        sessions.end(&key);
        assert!(sessions.find(&id, now).is_none() && !sessions.is_open(&key, now));
    }

    #[test]
    fn sessions_are_bounded() {
        let (sessions, now) = (Sessions::new().unwrap(), Timestamp::UNIX_EPOCH);
        let first = sessions.begin(shown(None), now).unwrap();
        let later = now + SignedDuration::from_secs(1);
        for _ in 0..MOST {
            sessions.begin(shown(None), later).unwrap();
        }
        assert!(sessions.find(&first, later).is_none());
        assert_eq!(sessions.open().len(), MOST);
    }
}
