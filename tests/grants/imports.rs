//! A component's imports are requests for power: without a grant for each, it isn't loaded.

use super::{accepted, job, refused};
use crate::support::{Anvil, Deployment, Watchkeeper};

#[test]
fn a_plugin_is_refused_with_the_line_to_add_until_the_job_grants_what_it_imports() {
    let anvil = Anvil::start(&["--no-mining"]);
    for (plugin, grants, capability, line, mended) in [
        ("minimal", "", "chain", r#"chain = ["NAME"]"#, "chain = [\"dev\"]"),
        ("evm-chain", "chain = [\"dev\"]", "state", "state = true", "chain = [\"dev\"]\nstate = true"),
        ("evm-chain", "state = true", "chain", r#"chain = ["NAME"]"#, "chain = [\"dev\"]\nstate = true"),
    ] {
        let deployment = Deployment::on_chain(&[anvil.url()]);
        deployment.plugin(plugin);
        deployment.job("probe", &job(plugin, grants));
        let checked = check(&deployment);

        let watchkeeper = Watchkeeper::start(&deployment);
        let reason = refused(&watchkeeper, &deployment, "probe");
        for words in ["jobs.d/probe.toml", "grants", plugin, "imports `watchkeeper:", line] {
            assert!(reason.contains(words), "{words}: {reason}");
        }
        assert!(reason.contains(&format!("the job grants no `{capability}`")), "{reason}");
        assert!(checked.contains(line) && checked.contains("probe.toml"), "check says the same: {checked}");
        assert!(watchkeeper.overview().jobs().is_empty(), "it isn't loaded");
        assert_eq!(watchkeeper.act("/-/reload", &[]).status, 500);
        let successful = watchkeeper.metrics().value("watchkeeper_config_last_reload_successful", &[]);
        assert_eq!(successful, Some(0.0));

        deployment.job("probe", &job(plugin, mended));
        watchkeeper.after_run("probe", "success");
        accepted(&watchkeeper, "probe");
    }
}

#[test]
fn a_grant_that_is_wrong_is_refused_by_its_key() {
    let anvil = Anvil::start(&["--no-mining"]);
    let deployment = Deployment::on_chain(&[anvil.url()]);
    deployment.plugin("minimal");
    for (grants, key, hint) in [
        ("chain = [\"main\"]", "grants.chain", "watchkeeper.toml names dev"),
        ("chain.dev.methods = [\"eth_sendRawTransaction\"]", "grants.chain.dev.methods", "read-only methods"),
        ("chain = [\"dev\"]\nstate = 1", "grants.state", "write `state = true`"),
        ("chain = [\"dev\"]\ntelepathy = true", "grants.telepathy", "grant one of: "),
    ] {
        deployment.job("probe", &job("minimal", grants));
        let checked = check(&deployment);
        for words in ["probe.toml", key, hint] {
            assert!(checked.contains(words), "{grants}: {words}: {checked}");
        }
    }
}

/// What `watchkeeper check` has to complain about.
fn check(deployment: &Deployment) -> String {
    let configuration = deployment.configuration();
    let ended = Watchkeeper::call(&["check".as_ref(), "--config".as_ref(), configuration.as_os_str()]);
    assert_eq!(ended.code, Some(78), "{ended:?}");
    ended.stderr
}
