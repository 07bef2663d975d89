//! Right configurations: what they resolve to, and what of them is never shown.

use std::{fs, path::Path, time::Duration};

use serde_json::json;
use watchkeeper_config::{
    ChainName, ConfigError, JobSpec, LocalServer, Multicall, Rights, RunLimits, Settings, text_of,
};
use watchkeeper_model::TokenName;

fn job(text: &str) -> JobSpec {
    JobSpec::parse(Path::new("jobs.d/head.toml"), text).unwrap()
}

fn settings(text: &str) -> Result<Settings, ConfigError> {
    let environment = |name: &str| (name == "RPC_KEY").then(|| "s3cr3t".to_owned());
    Settings::parse(Path::new("/etc/watchkeeper/watchkeeper.toml"), text, &environment)
}

#[test]
fn an_empty_watchkeeper_toml_has_all_defaults() {
    let settings = settings("").unwrap();
    assert_eq!(settings.server.listen.to_string(), "127.0.0.1:9464");
    assert_eq!(settings.store, Path::new("/etc/watchkeeper/watchkeeper.db"));
    assert_eq!(settings.plugins, Path::new("/etc/watchkeeper/plugins"));
    assert_eq!(settings.jobs, Path::new("/etc/watchkeeper/jobs.d"));
    assert_eq!(settings.limits.concurrent_runs_per_plugin, settings.limits.concurrent_runs);
    assert_eq!(settings.limits.concurrent_runs % 4, 0);
    assert_eq!(settings.limits.grace, Duration::from_secs(30));
    assert_eq!(settings.limits.component_size, 64 << 20);
    assert_eq!(settings.limits.compile.memory, 1 << 30);
    assert_eq!(settings.retention.max_age, Duration::from_hours(90 * 24));
    assert_eq!(settings.retention.max_runs_per_job, 10_000);
    assert_eq!(settings.server.web_config, None);
    assert!(!settings.server.open_reading && settings.server.tokens.is_empty());
    assert!(settings.chains.is_empty());
}

#[test]
fn the_example_to_copy_is_right() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/example");
    let text = |path: &Path| fs::read_to_string(path).unwrap();
    let path = folder.join("watchkeeper.toml");
    Settings::parse(&path, &text(&path), &|name| Some(name.to_lowercase())).unwrap();
    let jobs: Vec<_> = fs::read_dir(folder.join("jobs.d")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(jobs.len() > 1);
    for path in jobs {
        JobSpec::parse(&path, &text(&path)).unwrap();
    }
}

#[test]
fn paths_are_relative_to_the_file_and_the_rest_is_as_written() {
    let settings = settings(
        r#"
        [server]
        listen = "[::1]:9000"
        allowed_hosts = ["watch.example.com"]
        allowed_origins = ["https://watch.example.com"]
        [store]
        path = "/var/lib/watchkeeper/ledger.db"
        [plugins]
        path = "wasm"
        [jobs]
        path = "../jobs"
        [limits]
        concurrent_runs = 8
        concurrent_runs_per_plugin = 2
        grace = "1m30s"
        component_size = "10MB"
        [limits.compile]
        cpu = "5s"
        "#,
    )
    .unwrap();
    assert_eq!(settings.server.listen.to_string(), "[::1]:9000");
    assert_eq!(settings.store, Path::new("/var/lib/watchkeeper/ledger.db"));
    assert_eq!(settings.plugins, Path::new("/etc/watchkeeper/wasm"));
    assert_eq!(settings.jobs, Path::new("/etc/watchkeeper/../jobs"));
    assert_eq!((settings.limits.concurrent_runs, settings.limits.concurrent_runs_per_plugin), (8, 2));
    assert_eq!(settings.limits.grace, Duration::from_secs(90));
    assert_eq!(settings.limits.component_size, 10_000_000);
    assert_eq!(settings.limits.compile.cpu, Duration::from_secs(5));
}

#[test]
fn the_server_knows_tokens_by_their_hash_and_its_web_config_by_its_path() {
    let digits = "0123456789abcdefABCDEF00".to_owned() + &"ff".repeat(20);
    let settings = settings(&format!(
        r#"
        [server]
        listen = "0.0.0.0:9464"
        web_config = "web.yml"
        reading = "open"
        [server.tokens.deploy]
        hash = "sha256:{digits}"
        expires = "2027-01-31T01:00:00+01:00"
        rights = ["act"]
        [server.tokens.dashboard]
        hash = "sha256:{}"
        expires = 2027-01-31T00:00:00Z
        rights = ["read", "act", "read"]
        [server.tokens.for-ever]
        hash = "sha256:{}"
        rights = ["read"]
        "#,
        "00".repeat(32),
        "11".repeat(32),
    ))
    .unwrap();
    assert_eq!(settings.server.web_config.as_deref(), Some(Path::new("/etc/watchkeeper/web.yml")));
    assert!(settings.server.open_reading);
    let token = |name: &str| settings.server.tokens[&TokenName::new(name).unwrap()].clone();
    let (deploy, dashboard, for_ever) = (token("deploy"), token("dashboard"), token("for-ever"));
    assert_eq!(deploy.hash[..12], [0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0xab, 0xcd, 0xef, 0x00]);
    assert_eq!(deploy.rights, Rights { read: false, act: true });
    assert_eq!(dashboard.rights, Rights { read: true, act: true });
    assert_eq!(deploy.expires, Some("2027-01-31T00:00:00Z".parse().unwrap()));
    assert_eq!((dashboard.expires, for_ever.expires), (deploy.expires, None));
}

#[test]
fn beyond_loopback_somebody_has_to_say_who_may_read() {
    let server = |rest: &str| settings(&format!("[server]\nlisten = \"[::]:9464\"\n{rest}"));
    let token = |rights: &str| {
        server(&format!("[server.tokens.a]\nhash = \"sha256:{}\"\nrights = [{rights:?}]", "00".repeat(32)))
    };
    assert!(server("").is_err() && token("act").is_err());
    assert!(server("reading = \"open\"").is_ok() && server("web_config = \"web.yml\"").is_ok());
    assert!(token("read").is_ok());
}

#[test]
fn a_command_finds_the_server_whatever_else_the_file_says() {
    let path = Path::new("/etc/watchkeeper/watchkeeper.toml");
    let text = "[server]\nlisten = \"127.0.0.1:9000\"\n[chains.a]\nendpoints = [\"${NOT_SET_HERE}\"]\n[later]\nkey = 1";
    let local = LocalServer::parse(path, text).unwrap();
    assert_eq!(local.listen.to_string(), "127.0.0.1:9000");
    assert_eq!(local.store, Path::new("/etc/watchkeeper/watchkeeper.db"));
    let error = LocalServer::parse(path, "[server]\nlisten = \"here\"").unwrap_err();
    assert_eq!(error.key.as_deref(), Some("server.listen"));
}

#[test]
fn keys_of_endpoints_come_from_the_environment_and_are_never_shown() {
    let settings = settings(
        r#"
        [chains.zkfair]
        chain_id = 42766
        currency = { symbol = "USDC", decimals = 18 }
        endpoints = [
          "https://user:${RPC_KEY}@rpc.example.com/${RPC_KEY}?key=${RPC_KEY}&price=1$$",
          { name = "local", url = "http://127.0.0.1:8545" },
        ]
        "#,
    )
    .unwrap();
    let chain = &settings.chains[&ChainName::new("zkfair").unwrap()];
    assert_eq!(chain.endpoints[0].name, "rpc.example.com:443");
    assert_eq!(chain.endpoints[0].url.expose(), "https://user:s3cr3t@rpc.example.com/s3cr3t?key=s3cr3t&price=1$");
    assert_eq!(chain.endpoints[1].name, "local");
    assert_eq!(chain.currency.as_ref().unwrap().symbol, "USDC");
    let url = &chain.endpoints[0].url;
    let shown = format!("{settings:?} {url} {}", serde_json::to_string(url).unwrap());
    assert!(shown.contains("[redacted]") && !shown.contains("s3cr3t"), "{shown}");
}

#[test]
fn a_chain_without_a_currency_has_none() {
    let settings = settings("[chains.a]\nchain_id = 1\nendpoints = [\"http://127.0.0.1:8545\"]").unwrap();
    let chain = &settings.chains[&ChainName::new("a").unwrap()];
    assert_eq!(chain.currency, None);
    assert_eq!((chain.timeout, chain.max_response, chain.max_concurrent), (Duration::from_secs(10), 16 << 20, 32));
    assert_eq!((chain.multicall, chain.cache), (Multicall::Auto, 8 << 20));
}

#[test]
fn multicall_is_where_the_operator_says_or_off() {
    for (written, wanted) in [
        ("auto", Multicall::Auto),
        ("off", Multicall::Off),
        (
            "0x00000000000000000000000000000000000000fF",
            Multicall::At(std::array::from_fn(|place| if place == 19 { 0xff } else { 0 })),
        ),
    ] {
        let text =
            format!("[chains.a]\nchain_id = 1\nendpoints = [\"http://127.0.0.1:8545\"]\nmulticall = \"{written}\"");
        assert_eq!(settings(&text).unwrap().chains[&ChainName::new("a").unwrap()].multicall, wanted);
    }
}

#[test]
fn a_job_needs_a_plugin_and_a_trigger_and_has_defaults_for_the_rest() {
    let job = job("plugin = \"evm-chain\"\nevery = \"5s\"");
    assert_eq!((job.name.as_str(), job.plugin.as_str()), ("head", "evm-chain"));
    assert_eq!(job.timeout, Duration::from_secs(30));
    assert_eq!(job.limits, RunLimits::default());
    assert_eq!(job.config, json!({}));
    assert!(job.grants.is_empty());
}

#[test]
fn gauges_stand_for_three_periods_and_at_least_five_minutes() {
    for (trigger, minutes) in [
        ("every = \"5s\"", 5),
        ("every = \"10m\"", 30),
        ("schedule = \"@hourly\"", 180),
        ("schedule = \"0 9 * * 1-5\"", 3 * 3 * 24 * 60),
        ("every = \"10m\"\nmax_age = \"1m\"", 1),
    ] {
        let job = job(&format!("plugin = \"evm-chain\"\n{trigger}"));
        assert_eq!(job.max_age, Duration::from_mins(minutes), "{trigger}");
    }
}

#[test]
fn a_jobs_config_becomes_json() {
    let job = job(r#"
        plugin = "evm-chain"
        schedule = "30 2 * * *"
        time_zone = "Europe/Berlin"
        jitter = "10m"
        [config]
        number = 9007199254740993
        share = 0.5
        since = 2026-11-22T16:13:00Z
        yes = true
        list = [{ a = 1 }, "$$"]
    "#);
    assert_eq!(
        job.config,
        json!({
            "number": 9_007_199_254_740_993_i64, "share": 0.5, "since": "2026-11-22T16:13:00Z", "yes": true,
            "list": [{ "a": 1 }, "$$"],
        })
    );
    assert!(job.schedule.unwrap().start_offset() < Duration::from_mins(10));
}

#[test]
fn a_grant_stays_as_written_and_its_mistakes_are_told_with_their_place() {
    let text = "plugin = \"evm-chain\"\nevery = \"5s\"\n\n[grants.chain]\nchains = [\"zkfair\"]\n";
    let job = job(text);
    assert_eq!(job.grants["chain"]["chains"].as_array().unwrap().len(), 1);
    let error = job.origin.error(&["grants", "chain", "chains"], "no chain `zkfair`", "name it in watchkeeper.toml");
    assert_eq!(
        error.to_string(),
        "jobs.d/head.toml:5: grants.chain.chains: no chain `zkfair`\nhint: name it in watchkeeper.toml"
    );
    let missing = job.origin.error(&["grants", "chain", "methods"], "is missing", "add it");
    assert_eq!(missing.line, Some(4), "the nearest table");
}

#[test]
fn a_comment_or_another_place_leaves_the_job_the_same() {
    let one = job("plugin = \"evm-chain\"\nevery = \"60s\"");
    let other =
        JobSpec::parse(Path::new("elsewhere/head.toml"), "# new\nevery = \"1m\"\nplugin = \"evm-chain\"").unwrap();
    assert_eq!(one, other);
    assert_ne!(one, job("plugin = \"evm-chain\"\nevery = \"61s\""));
}

#[test]
fn a_file_whose_name_is_no_jobs_is_refused() {
    for name in ["jobs.d/Head.toml", "jobs.d/.toml", "jobs.d/a b.toml", "", "/"] {
        let error = JobSpec::parse(Path::new(name), "plugin = \"a\"\nevery = \"5s\"").unwrap_err();
        assert!(error.message.starts_with("the file's name is the job's"), "{error}");
    }
}

#[test]
fn a_file_that_is_no_text_is_refused_with_the_line() {
    let file = Path::new("jobs.d/head.toml");
    assert_eq!(text_of(file, b"every".to_vec()).unwrap(), "every");
    let error = text_of(file, b"every = \"5s\"\nplugin = \"\xff\"".to_vec()).unwrap_err();
    assert_eq!(error.to_string(), "jobs.d/head.toml:2: not UTF-8 text\nhint: save the file in UTF-8");
}

#[test]
fn a_services_headers_are_secret_and_the_rest_has_defaults() {
    let settings = settings(
        r#"
        [http.node]
        origin = "HTTPS://Node.Example.com:443/"
        headers = { Authorization = "Bearer ${RPC_KEY}" }
        ca_file = "ca.pem"
        "#,
    )
    .unwrap();
    let node = &settings.http["node"];
    assert_eq!(node.origin.to_string(), "https://node.example.com");
    assert_eq!(node.headers["authorization"].expose(), "Bearer s3cr3t");
    assert!(!format!("{settings:?}").contains("s3cr3t"));
    assert_eq!(node.ca_file.as_deref(), Some(Path::new("/etc/watchkeeper/ca.pem")));
    assert!(!node.private);
    assert_eq!((node.timeout, node.max_concurrent), (Duration::from_secs(10), 8));
    assert_eq!((node.max_response, node.max_request), (16 << 20, 1 << 20));
}
