//! Form tokens: what shows that a form came from a page of ours. Another site can make a browser send a form with our cookie
//! or password, but can't read the page that the token stands in.

use super::{
    Access, Identity, Via,
    secret::{equal, hex, sha256},
};

impl Access {
    /// The form token of somebody, which only this process can make.
    pub(super) fn form_token(&self, kind: &[u8], who: &[u8]) -> String {
        hex(&self.forms.hash(&[kind, who]))
    }

    /// Whether a form or a request from a page may act for somebody. A bearer token is its own proof: no browser sends it by
    /// itself.
    pub(crate) fn is_own_form(identity: &Identity, given: Option<&str>) -> bool {
        match identity.via {
            Via::Bearer => true,
            Via::Nothing => false,
            Via::Password | Via::Session(_) => {
                let hash = |text: &str| sha256(text.as_bytes());
                identity.form_token.as_deref().zip(given).is_some_and(|(own, given)| equal(&hash(own), &hash(given)))
            }
        }
    }
}
