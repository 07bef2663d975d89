//! From a request's credentials to who it is.

use std::{net::IpAddr, sync::Arc, time::Instant};

use axum::http::{HeaderMap, header};
use base64::{Engine, prelude::BASE64_STANDARD};
use jiff::Timestamp;

use super::{Access, AccessError, passwords::Tried, secret::Hash, tokens::Shown};
use crate::{
    Viewer,
    api::{Actor, Right, Who},
    web_config::Loaded,
};

/// Who a request is from, and what they may.
#[derive(Clone)]
pub(crate) struct Identity {
    pub(crate) actor: Option<Actor>,
    pub(crate) rights: Vec<Right>,
    pub(crate) via: Via,
    /// From when on it is nobody any more.
    until: Option<Timestamp>,
    /// What named the user whose password it was.
    users: Option<Arc<Loaded>>,
    pub(super) form_token: Option<String>,
}

/// How they showed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Via {
    /// Not at all.
    Nothing,
    /// By a token in the request, which no browser sends by itself.
    Bearer,
    /// By name and password, which a browser sends by itself once it knows them.
    Password,
    /// By a cookie, which a browser sends by itself.
    Session(Hash),
}

/// Why credentials were not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Denied {
    Wrong,
    TooOften,
}

impl Identity {
    /// Somebody who showed nothing and may do nothing.
    pub(crate) const fn nobody() -> Self {
        Self { actor: None, rights: Vec::new(), via: Via::Nothing, until: None, users: None, form_token: None }
    }

    pub(crate) fn may(&self, right: Right) -> bool {
        self.rights.contains(&right)
    }

    pub(crate) fn who(&self) -> Who {
        Who { actor: self.actor.clone(), rights: self.rights.clone() }
    }

    /// What a page has to know of them; it leads to no accounts.
    pub(crate) fn viewer(&self) -> Viewer {
        let form_token = self.form_token.clone().filter(|_| self.may(Right::Act));
        let signed_in = matches!(self.via, Via::Session(_));
        Viewer { who: self.who(), form_token, signed_in, has_accounts: false }
    }
}

impl Access {
    /// Finds out who a request is from. Credentials that are shown in words have to be right; a cookie that isn't any more
    /// is none.
    pub(super) async fn identify(&self, headers: &HeaderMap, peer: IpAddr, port: u16) -> Result<Identity, Denied> {
        let now = self.clock.now();
        let mut shown = headers.get_all(header::AUTHORIZATION).iter();
        match (shown.next(), shown.next()) {
            (None, _) => Ok(self.of_session(headers, port, now)),
            (Some(value), None) => {
                let (scheme, rest) = value.to_str().ok().and_then(|text| text.split_once(' ')).ok_or(Denied::Wrong)?;
                let rest = rest.trim();
                if scheme.eq_ignore_ascii_case("bearer") {
                    self.of_token(rest, peer, now)
                } else if scheme.eq_ignore_ascii_case("basic") {
                    self.of_password(rest, peer).await
                } else {
                    Err(Denied::Wrong)
                }
            }
            (Some(_), Some(_)) => Err(Denied::Wrong),
        }
    }

    /// Begins a session for a token; returns its id.
    ///
    /// # Errors
    /// Why not, for the log-in page.
    pub(crate) fn log_in(&self, token: &str, peer: IpAddr) -> Result<String, LogIn> {
        let now = self.clock.now();
        let shown = self.token(token.trim(), peer, now).map_err(LogIn::Denied)?;
        self.sessions.begin(shown, now).map_err(LogIn::Failed)
    }

    /// Ends the session that somebody is in.
    pub(crate) fn log_out(&self, identity: &Identity) {
        if let Via::Session(key) = &identity.via {
            self.sessions.end(key);
        }
    }

    /// Whether somebody still is who they were when they asked. Where users may have changed since, they have to ask again.
    pub(crate) async fn holds(&self, identity: &Identity) -> bool {
        if let (Some(web), Some(users)) = (&self.web, &identity.users) {
            web.look().await;
            if !Arc::ptr_eq(&web.loaded(), users) {
                return false;
            }
        }
        let now = self.clock.now();
        let open = match &identity.via {
            Via::Session(key) => self.sessions.is_open(key, now),
            Via::Nothing | Via::Bearer | Via::Password => true,
        };
        open && identity.until.is_none_or(|until| now < until)
    }

    /// What a token is good for. Only wrong ones are counted: nobody guesses 256 random bits, and who has them isn't to be
    /// kept out by others at the same address.
    fn token(&self, text: &str, peer: IpAddr, now: Timestamp) -> Result<Shown, Denied> {
        match self.tokens.find(text, now) {
            Some(shown) => Ok(shown),
            None if self.wrong_tokens.take(peer, Instant::now()) => Err(Denied::Wrong),
            None => Err(Denied::TooOften),
        }
    }

    fn of_token(&self, text: &str, peer: IpAddr, now: Timestamp) -> Result<Identity, Denied> {
        let shown = self.token(text, peer, now)?;
        let (actor, rights, until) = (Some(shown.actor), self.with_reading(shown.rights), shown.expires);
        Ok(Identity { actor, rights, via: Via::Bearer, until, users: None, form_token: None })
    }

    async fn of_password(&self, encoded: &str, peer: IpAddr) -> Result<Identity, Denied> {
        let web = self.web.as_ref().ok_or(Denied::Wrong)?;
        web.look().await;
        let users = web.loaded();
        let decoded = BASE64_STANDARD.decode(encoded).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let decoded = decoded.ok_or(Denied::Wrong)?;
        let (user, password) = decoded.split_once(':').ok_or(Denied::Wrong)?;
        match self.passwords.check(&users, user, password, peer).await {
            Tried::Right => {
                let actor = Actor { name: format!("user {user}").into() };
                let form_token = Some(self.form_token(b"user", user.as_bytes()));
                let rights = vec![Right::Read, Right::Act];
                Ok(Identity {
                    actor: Some(actor),
                    rights,
                    via: Via::Password,
                    until: None,
                    users: Some(users),
                    form_token,
                })
            }
            Tried::Wrong => Err(Denied::Wrong),
            Tried::TooOften => Err(Denied::TooOften),
        }
    }

    fn of_session(&self, headers: &HeaderMap, port: u16, now: Timestamp) -> Identity {
        let session = session_ids(headers, port).find_map(|id| self.sessions.find(id, now));
        let Some((key, session)) = session else {
            return Identity { rights: self.with_reading(Vec::new()), ..Identity::nobody() };
        };
        Identity {
            actor: Some(session.actor),
            rights: self.with_reading(session.rights),
            via: Via::Session(key),
            until: Some(session.until),
            users: None,
            form_token: Some(self.form_token(b"session", &key)),
        }
    }

    /// What anybody may, besides.
    fn with_reading(&self, mut rights: Vec<Right>) -> Vec<Right> {
        if self.anybody_may_read() && !rights.contains(&Right::Read) {
            rights.insert(0, Right::Read);
        }
        rights
    }
}

/// Why a session doesn't begin.
#[derive(Debug)]
pub(crate) enum LogIn {
    Denied(Denied),
    Failed(AccessError),
}

/// The name of the cookie. Cookies don't know ports, but two servers on one machine differ by them.
pub(crate) fn cookie_name(port: u16) -> String {
    format!("watchkeeper_session_{port}")
}

/// The session ids that a browser sent.
fn session_ids(headers: &HeaderMap, port: u16) -> impl Iterator<Item = &str> {
    let name = cookie_name(port);
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = cookies.flat_map(|cookies| cookies.split(';')).filter_map(|cookie| cookie.trim().split_once('='));
    // Two are a trick at most: more are not looked at.
    pairs.filter(move |(given, _)| *given == name).map(|(_, id)| id).take(2)
}
