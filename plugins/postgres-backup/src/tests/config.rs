//! What a config may say.

use watchkeeper_sdk::{
    Error,
    serde_json::{Value, json},
};

use super::fake::{host, run};

fn problem(config: Value) -> String {
    match run(&host(), config).outcome {
        Err(Error::InvalidConfig(message)) => message,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_config_that_cannot_work_is_refused_with_its_key() {
    for (config, words) in [
        (json!({ "databases": [] }), "key `databases`: no database"),
        (json!({ "databases": ["app", "app"] }), "key `databases[1]`: `app` is there twice"),
        (json!({ "databases": ["App"] }), "key `databases[0]`: `App` can't be an artifact's name"),
        (json!({ "databases": ["a b"] }), "key `databases[0]`: `a b` can't be"),
        (json!({ "databases": ["roles"] }), "key `databases[0]`: `roles` is the artifact that has the roles"),
        (json!({ "databases": ["a", "B"], "names": { "B": "a" } }), "key `databases[1]`: `a` has the name `a` already"),
        (json!({ "databases": ["a"], "names": { "b": "c" } }), "key `names`: `b` isn't among `databases`"),
        (json!({ "databases": ["a"], "minimum_size": "10" }), "key `minimum_size`: \"10\" is no size"),
        (json!({ "database": ["a"] }), "unknown field `database`"),
    ] {
        let message = problem(config.clone());
        assert!(message.contains(words), "{config}: {message}");
    }
    assert!(
        problem(json!({ "databases": ["Shop"] })).contains("\nhint: name it in `names`, such as `names = { Shop = ")
    );
}

#[test]
fn a_database_may_be_called_roles_where_the_roles_are_left_out() {
    assert!(run(&host(), json!({ "databases": ["roles"], "roles": false })).outcome.is_ok());
}
