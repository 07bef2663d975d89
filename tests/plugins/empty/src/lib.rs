//! The plugin that does nothing: what a run costs without its work. It speaks the contract without the SDK, so that
//! its component imports nothing and holds nothing but the three exports that make it a plugin.

wit_bindgen::generate!({
    path: "../../../wit",
    inline: "
        package watchkeeper:empty;
        world empty { export watchkeeper:plugin/job@0.1.0; }
    ",
    generate_all,
});

use exports::watchkeeper::plugin::job::{Failure, Guest};

struct Empty;

impl Guest for Empty {
    fn schema() -> String {
        r#"{"name": "empty", "version": "0.1.0", "config": {"type": "object"}}"#.into()
    }

    fn describe(_config: String) -> Result<String, String> {
        Ok("[]".into())
    }

    async fn run() -> Result<String, Failure> {
        Ok(String::new())
    }
}

export!(Empty);
