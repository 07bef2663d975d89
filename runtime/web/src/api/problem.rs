//! Why a request wasn't answered, as RFC 9457 has it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Text;

/// The body of every error, of type `application/problem+json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// What kind of problem; `about:blank`, which says: the one of the status code.
    #[serde(rename = "type")]
    pub kind: Text,
    /// The status code in words.
    pub title: Text,
    /// The status code.
    pub status: u16,
    /// What is wrong with this very request.
    pub detail: Text,
    /// What to do about it.
    pub hint: Option<Text>,
}
