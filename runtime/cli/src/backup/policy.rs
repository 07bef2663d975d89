//! By what is deleted: the rules of the command line, or else what the job's own file grants.

use serde::Deserialize;
use watchkeeper_artifact_store::Policy;
use watchkeeper_config::{JobSpec, Settings, read_trusted, text_of};
use watchkeeper_model::JobName;

use super::{args::RuleOptions, source::LIMIT};
use crate::failure::Failure;

/// What a job's file says of its artifacts.
#[derive(Debug)]
pub(super) struct Granted {
    /// The store's name.
    pub(super) store: String,
    pub(super) policy: Policy,
}

#[derive(Deserialize)]
struct Shape {
    store: String,
    retention: Option<toml::Value>,
}

/// The policy that the options make up; none where there are none.
///
/// # Errors
/// 64: they keep nothing, or a time is none.
pub(super) fn of_options(options: &RuleOptions) -> Result<Option<Policy>, Failure> {
    let counts = [
        ("keep_last", options.keep_last),
        ("keep_hourly", options.keep_hourly),
        ("keep_daily", options.keep_daily),
        ("keep_weekly", options.keep_weekly),
        ("keep_monthly", options.keep_monthly),
        ("keep_yearly", options.keep_yearly),
    ];
    let counts = counts.into_iter().filter_map(|(name, count)| Some((name.to_owned(), i64::from(count?).into())));
    let mut rules: toml::Table = counts.collect();
    if let Some(within) = &options.keep_within {
        rules.insert("keep_within".to_owned(), within.clone().into());
    }
    if rules.is_empty() {
        return Ok(None);
    }
    Policy::deserialize(toml::Value::Table(rules)).map(Some).map_err(|error| Failure::Usage(error.message().to_owned()))
}

/// The policy in a job's file.
///
/// # Errors
/// 78: there is no such file, it is wrong, or has no policy.
pub(super) fn of_job(settings: &Settings, job: &JobName) -> Result<Granted, Failure> {
    let file = settings.jobs.join(format!("{job}.toml"));
    let hint = "write `[grants.artifacts.retention]` there, or give rules such as --keep-last 7";
    if !file.exists() {
        return Err(Failure::Config(format!("{}: there is no such file\nhint: {hint}", file.display())));
    }
    let config = |error: &dyn std::fmt::Display| Failure::Config(error.to_string());
    let (bytes, _) = read_trusted(&file, LIMIT).map_err(|error| config(&error))?;
    let text = text_of(&file, bytes).map_err(|error| config(&error))?;
    let spec = JobSpec::parse(&file, &text).map_err(|error| config(&error))?;
    let wrong = |key: &[&str], text: &str| {
        let (message, hint) = text.split_once("\nhint: ").unwrap_or((text, hint));
        config(&spec.origin.error(key, message, hint))
    };
    let key = ["grants", "artifacts", "retention"];
    let Some(granted) = spec.grants.get("artifacts") else {
        return Err(wrong(&["grants"], "no artifacts are granted"));
    };
    let granted =
        Shape::deserialize(granted.clone()).map_err(|error| wrong(&["grants", "artifacts"], error.message()))?;
    let Some(retention) = granted.retention else { return Err(wrong(&key, "there is no retention policy")) };
    let policy = Policy::deserialize(retention).map_err(|error| wrong(&key, error.message()))?;
    Ok(Granted { store: granted.store, policy })
}

#[cfg(test)]
mod tests {
    use super::of_options;
    use crate::{backup::args::RuleOptions, failure::Failure};

    const NONE: RuleOptions = RuleOptions {
        keep_last: None,
        keep_hourly: None,
        keep_daily: None,
        keep_weekly: None,
        keep_monthly: None,
        keep_yearly: None,
        keep_within: None,
    };

    #[test]
    fn options_make_up_a_policy_as_a_file_does() {
        let options = RuleOptions { keep_last: Some(3), keep_within: Some("48h".to_owned()), ..NONE };
        let policy = of_options(&options).ok().unwrap().unwrap();
        assert_eq!((policy.keep_last, policy.keep_within), (3, Some(std::time::Duration::from_hours(48))));
        assert!(matches!(of_options(&NONE), Ok(None)));
    }

    #[test]
    fn a_policy_that_keeps_nothing_is_wrong_usage() {
        let nothing = RuleOptions { keep_last: Some(0), ..NONE };
        let later = RuleOptions { keep_within: Some("later".to_owned()), ..NONE };
        for options in [nothing, later] {
            let Err(Failure::Usage(text)) = of_options(&options) else { panic!("it is no policy") };
            assert!(text.contains("\nhint: "), "{text}");
        }
    }
}
