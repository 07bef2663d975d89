//! Each folder of `tests/cases` is one mistake: `input.toml`, and what the operator reads in `expected.txt`.
//! `BLESS=1 cargo test -p watchkeeper-config` writes the messages anew, for review.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use watchkeeper_config::{ConfigError, JobSpec, Settings};

fn environment(name: &str) -> Option<String> {
    match name {
        "RPC_KEY" => Some("s3cr3t".to_owned()),
        "EMPTY_KEY" => Some(String::new()),
        "TWO_LINE_KEY" => Some("s3cr3t\n".to_owned()),
        _ => None,
    }
}

fn check_all(kind: &str, parse: fn(&str) -> Result<(), ConfigError>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(kind);
    let mut cases: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    assert!(cases.len() > 20, "{} cases", cases.len());
    let mut wrong = String::new();
    for case in cases {
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        let input = fs::read_to_string(case.join("input.toml")).unwrap();
        let found = format!("{}\n", parse(&input).expect_err(&name));
        assert!(!found.contains("s3cr3t"), "{name} shows a secret: {found}");
        assert!(found.contains("\nhint: "), "{name} has no hint: {found}");
        let file = case.join("expected.txt");
        if env::var_os("BLESS").is_some() {
            fs::write(&file, &found).unwrap();
        }
        let expected = fs::read_to_string(&file).unwrap_or_default();
        if found != expected {
            wrong.push_str(&format!("--- {name}, expected\n{expected}--- found\n{found}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn each_mistake_in_a_job_file_is_told_with_its_place_and_a_way_out() {
    check_all("jobs", |text| JobSpec::parse(Path::new("jobs.d/head.toml"), text).map(drop));
}

#[test]
fn each_mistake_in_watchkeeper_toml_is_told_with_its_place_and_a_way_out() {
    check_all("settings", |text| Settings::parse(Path::new("watchkeeper.toml"), text, &environment).map(drop));
}
