//! Jobs of `teller`, the plugin that says, shows and logs whatever its job configures.

use super::Deployment;

/// A deployment with the plugin and the chain `dev`, which nobody serves: the plugin may read a chain, so its jobs need
/// the grant, whether or not they read.
pub(crate) fn teller_deployment() -> Deployment {
    let deployment = Deployment::on_chain(&["http://127.0.0.1:9"]);
    deployment.plugin("teller");
    deployment
}

/// A job's text: keys such as its trigger, what stands under `[config]`, and further grants.
pub(crate) fn teller_job(keys: &str, config: &str, grants: &str) -> String {
    format!("plugin = \"teller\"\n{keys}\n[config]\n{config}\n[grants]\nchain = [\"dev\"]\n{grants}\n")
}
