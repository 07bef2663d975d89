//! Who looks at a page, as far as the page has to know.

use crate::api::{Actor, Right, Who};

/// The person in front of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Viewer {
    /// By name and rights.
    pub who: Who,
    /// Goes into each form as the hidden field `form_token`: it shows that the form came from a page of ours. None where they
    /// may not act, and then a page has no form but the login's.
    pub form_token: Option<String>,
    /// Whether there is a session to log out of, by a form that posts `form_token` to `/logout`.
    pub signed_in: bool,
    /// Whether there are accounts to pay from: each page leads to them then.
    pub has_accounts: bool,
}

impl Viewer {
    /// Whether the page shows its buttons.
    pub fn may_act(&self) -> bool {
        self.who.rights.contains(&Right::Act)
    }

    /// Who it is, where they had to say.
    pub fn actor(&self) -> Option<&Actor> {
        self.who.actor.as_ref()
    }
}
