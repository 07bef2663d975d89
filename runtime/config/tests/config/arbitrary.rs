//! Whatever stands in a file, reading it ends in a configuration or in one error.

use std::path::Path;

use proptest::prelude::*;
use watchkeeper_config::{JobSpec, Settings};

const JOB: &str = include_str!("../cases/jobs/secret-in-config/input.toml");
const SETTINGS: &str = include_str!("../cases/settings/currency-bad-symbol/input.toml");

fn read(text: &str) {
    if let Err(error) = JobSpec::parse(Path::new("jobs.d/head.toml"), text) {
        assert!(!error.to_string().is_empty());
    }
    let environment = |name: &str| Some(name.to_owned());
    if let Err(error) = Settings::parse(Path::new("watchkeeper.toml"), text, &environment) {
        assert!(!error.to_string().is_empty());
    }
}

/// A text with a piece cut out and another put in.
fn damaged(text: &'static str) -> impl Strategy<Value = String> {
    (0..text.len(), 0..20_usize, r#"[\[\]{}="'.,#$0-9a-z\n]{0,6}"#).prop_map(move |(start, length, piece)| {
        let end = (start + length).min(text.len());
        format!("{}{piece}{}", &text[..start], &text[end..])
    })
}

proptest! {
    #[test]
    fn any_text(text in "(?s).*") {
        read(&text);
    }

    #[test]
    fn a_damaged_job(text in damaged(JOB)) {
        read(&text);
    }

    #[test]
    fn damaged_settings(text in damaged(SETTINGS)) {
        read(&text);
    }
}

#[test]
fn deep_nesting_is_an_error_and_not_a_crash() {
    for (open, close) in [("[", "]"), ("{a=", "}")] {
        read(&format!("config = {}1{}", open.repeat(50_000), close.repeat(50_000)));
    }
    read(&format!("[config.{}]", vec!["a"; 50_000].join(".")));
}
