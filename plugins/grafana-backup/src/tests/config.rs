//! What a config may say.

use serde_json::json;
use watchkeeper_sdk::Error;

use super::fake::World;

#[test]
fn a_config_that_cannot_work_is_refused_with_its_key() {
    for (config, words) in [
        (json!({ "mode": "import" }), "key `artifact`: `mode = \"import\"` needs it"),
        (json!({ "artifact": "a/b" }), "key `artifact`: only with `mode = \"import\"`"),
        (json!({ "overwrite": true }), "key `overwrite`: only with `mode = \"import\"`"),
        (
            json!({ "mode": "import", "artifact": "a" }),
            "key `artifact`: \"a\" is neither \"JOB/NAME/ID\" nor \"JOB/NAME\"",
        ),
        (json!({ "mode": "import", "artifact": "a/b/c/d" }), "is neither"),
        (json!({ "mode": "import", "artifact": "a//c" }), "is neither"),
        (json!({ "mode": "import", "artifact": "a/b c" }), "is neither"),
        (json!({ "mode": "both" }), "unknown variant `both`"),
        (json!({ "minimum_size": "1" }), "key `minimum_size`"),
    ] {
        let mut whole = json!({ "url": "https://new.example.com" });
        whole.as_object_mut().unwrap().extend(config.as_object().unwrap().clone());
        let outcome = World::new().host.run(crate::run, whole).outcome;
        let Err(Error::InvalidConfig(message)) = outcome else { panic!("{config}: {outcome:?}") };
        assert!(message.contains(words), "{config}: {message}");
    }
}
