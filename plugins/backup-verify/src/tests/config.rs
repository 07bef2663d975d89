//! What a config may say.

use watchkeeper_sdk::{Error, chain, serde_json::json, testing::Host};

#[test]
fn a_config_that_cannot_work_is_refused_with_its_key() {
    let host = Host::new(|_, _, _| Err(chain::Error::Unavailable("no chain".into())));
    for (config, words) in [
        (json!({}), "key `targets`: nothing to read back, and no `restore`"),
        (json!({ "targets": ["a/b/c"] }), "key `targets[0]`: \"a/b/c\" is neither JOB nor JOB/NAME"),
        (json!({ "targets": ["a", "a/"] }), "key `targets[1]`: \"a/\" is neither"),
        (json!({ "targets": ["a", "a"] }), "key `targets[1]`: \"a\" is there twice"),
        (json!({ "targets": ["a"], "parts": 0 }), "key `parts`: from 1 to 366"),
        (json!({ "targets": ["a"], "parts": 367 }), "key `parts`: from 1 to 366"),
        (json!({ "restore": { "path": "a" } }), "key `restore.path`: \"a\" is not JOB/NAME"),
        (json!({ "restore": { "path": "a/" } }), "key `restore.path`: \"a/\" is not JOB/NAME"),
        (
            json!({ "restore": { "path": "a/b", "database": "app" } }),
            "key `restore.database`: `app` is dropped in every run",
        ),
        (json!({ "restore": { "path": "a/b", "assert": "x" } }), "unknown field `assert`"),
    ] {
        let Err(Error::InvalidConfig(message)) = host.run(crate::run, config.clone()).outcome else {
            panic!("{config}")
        };
        assert!(message.contains(words), "{config}: {message}");
    }
    assert!(host.store().asked().is_empty());
}
