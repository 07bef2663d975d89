//! The grant `probe` of a job: for which targets `/probe` may run it. No capability's, so it is read here.

use std::collections::HashSet;

use crate::{
    ConfigError, Grants,
    source::{KeyPath, Source},
    values::kind_of,
};

/// The most targets of one job.
const MOST_TARGETS: usize = 1000;
/// The most characters of one target.
const LONGEST_TARGET: usize = 1024;

/// Takes the targets out of a job's grants.
pub(crate) fn take_targets(source: &Source<'_>, grants: &mut Grants) -> Result<Vec<String>, ConfigError> {
    let key = KeyPath::of(&["grants", "probe"]);
    let list = match grants.remove("probe") {
        None => return Ok(Vec::new()),
        Some(toml::Value::Array(list)) => list,
        Some(other) => {
            let hint = r#"write the targets that `/probe` may name, as in `probe = ["https://example.com"]`"#;
            return Err(source.error(&key, format!("expected an array, found {}", kind_of(&other)), hint));
        }
    };
    if list.len() > MOST_TARGETS {
        let message = format!("{} targets are more than {MOST_TARGETS}", list.len());
        return Err(source.error(&key, message, "spread them over several jobs"));
    }
    let mut targets = Vec::with_capacity(list.len());
    let mut seen = HashSet::new();
    for (index, item) in list.into_iter().enumerate() {
        let wrong = |message: String, hint: &str| Err(source.error(&key.with(index), message, hint));
        let toml::Value::String(target) = item else {
            return wrong(format!("expected a string, found {}", kind_of(&item)), "write each target in quotes");
        };
        if !(1..=LONGEST_TARGET).contains(&target.chars().count()) || target.chars().any(char::is_control) {
            let hint = "write it as it stands in `target=` of the scrape, percent signs decoded";
            let message = format!("a target has 1 to {LONGEST_TARGET} characters, none of them a control character");
            return wrong(message, hint);
        }
        if !seen.insert(target.clone()) {
            return wrong(format!("{target:?} stands here twice"), "leave one of the two out");
        }
        targets.push(target);
    }
    Ok(targets)
}
