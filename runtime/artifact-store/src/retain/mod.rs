//! Which artifacts of one name are kept and which are deleted: what the operator wrote, and the decision. It is computed, not
//! done: nothing here knows a store.

mod plan;
mod policy;

pub use plan::{Candidate, Kept, Period, Plan, Reason, plan};
pub use policy::{Policy, Rules, UnusablePolicy};
