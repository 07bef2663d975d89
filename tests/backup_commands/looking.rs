//! `backup list` and `show`: what there is and what is known of it, with and without a configuration.

use std::{fs, process::Command};

use watchkeeper_artifact_store::{BLOCK, Check, Manifest};

use super::shelf::{Shelf, answer, failed, noise, sql, succeeded, text};
use crate::support::{Deployment, ObjectStore, Transcript, Watchkeeper, reworded};

/// What is another each time as words.
fn transcript(shelf: &Shelf, manifests: &[&Manifest]) -> Transcript {
    let redacted = |line: &str| {
        let seconds = |word: &str| word.strip_suffix('s').is_some_and(|number| number.parse::<u32>().is_ok());
        reworded(line, |word| match word {
            word if word.len() == 64 && word.chars().all(|c| c.is_ascii_hexdigit()) => Some("SHA256"),
            word if seconds(word) => Some("SECONDS"),
            _ => None,
        })
    };
    let folder = text(shelf.deployment.path("")).trim_end_matches('/').to_owned();
    let ids = manifests.iter().zip(1..);
    ids.fold(Transcript::of("backup_commands", redacted), |transcript, (manifest, number)| {
        // As wide as an id, so that columns stay where they are.
        transcript.replace(manifest.path.id.to_string(), &format!("{:-<25}", format!("ID-{number}")))
    })
    .replace(folder, "FOLDER")
}

#[test]
fn what_there_is_is_listed_and_shown_with_what_was_proved_of_it() {
    let shelf = Shelf::new();
    let roles = shelf.put("shop/roles", Check::PgPlain, &sql(), 75);
    let older = shelf.put("shop/main", Check::PgPlain, &sql(), 50);
    let newer = shelf.put("shop/main", Check::None, &noise(3 << 20), 2);
    let tree = shelf.put("contracts/tree", Check::None, b"", 1);
    succeeded(&shelf.call(&["verify", &older.path.to_string()]));
    let folder = shelf.deployment.path("");
    let mut transcript = transcript(&shelf, &[&roles, &older, &newer, &tree]);
    for arguments in [
        &["list"][..],
        &["list", "shop/main"],
        &["list", "shop", "--newest", "1"],
        &["list", "nobody"],
        &["show", &older.path.to_string()],
        &["show", "shop/main"],
        &["show", "nobody/main"],
        &["show", "shop"],
    ] {
        transcript.call(&folder, &[&["backup"], arguments].concat());
    }
    transcript.check("looking");
}

#[test]
fn programs_get_the_same_as_json() {
    let shelf = Shelf::new();
    let older = shelf.put("shop/main", Check::PgPlain, &sql(), 50);
    let newer = shelf.put("shop/main", Check::None, &noise(1000), 2);
    succeeded(&shelf.call(&["verify", "shop/main"]));
    let listed = answer(&shelf.call(&["list", "--format", "json"]));
    let paths: Vec<&str> =
        listed["artifacts"].as_array().unwrap().iter().map(|row| row["path"].as_str().unwrap()).collect();
    assert_eq!(paths, [older.path.to_string(), newer.path.to_string()]);
    let row = &listed["artifacts"][0];
    assert_eq!(
        (row["size"].as_u64(), row["stored_size"].as_u64()),
        (Some(older.content.size), Some(older.stored.size))
    );
    assert_eq!((&row["check"], &row["marks"][0]["what"]), (&"pg-plain".into(), &"verified".into()));

    let shown = answer(&shelf.call(&["show", "shop/main", "--format", "json"]));
    assert_eq!(shown["path"], newer.path.to_string());
    assert_eq!(shown["content"]["sha256"], newer.content.sha256.hex());
    assert_eq!(shown["stored"]["object"], text(shelf.content(&newer)));
    assert_eq!((&shown["metadata"]["database"], &shown["metadata"]["odd"]), (&"shop".into(), &"a[31mred line".into()));
}

#[test]
fn a_damaged_manifest_is_told_and_hides_nothing_else() {
    let shelf = Shelf::new();
    let good = shelf.put("shop/main", Check::PgPlain, &sql(), 50);
    let bad = shelf.put("shop/main", Check::PgPlain, &sql(), 2);
    let file = shelf.object(&bad, "manifest.json");
    let manifest = fs::read_to_string(&file).unwrap();
    fs::write(&file, manifest.replacen("shop", "shot", 1)).unwrap();
    let ended = shelf.call(&["list"]);
    failed(&ended, 1, &format!("error: {}/manifest.json: bytes 0 to {} are not", bad.path, manifest.len() - 1));
    let line = |path: &str| ended.stdout.lines().find(|line| line.starts_with(path)).unwrap_or_default().to_owned();
    assert!(line(&bad.path.to_string()).ends_with("damaged"), "{}", ended.stdout);
    assert!(line(&good.path.to_string()).contains("pg-plain"), "{}", ended.stdout);
    for command in [&["show", "shop/main"][..], &["verify", "shop/main"], &["restore", "shop/main", "--to", "x"]] {
        failed(&shelf.call(command), 1, "manifest.json: bytes 0 to ");
    }
    assert!(!shelf.deployment.path("x").exists());
}

#[test]
fn without_any_configuration_an_address_is_enough() {
    let shelf = Shelf::new();
    let artifact = shelf.put("shop/main", Check::PgPlain, &sql(), 2);
    fs::remove_file(shelf.deployment.configuration()).unwrap();
    failed(&shelf.call(&["list"]), 78, "watchkeeper.toml: there is no such file\nhint: ");
    let ended = shelf.call(&["list", "--url", &shelf.url()]);
    succeeded(&ended);
    assert!(ended.stdout.contains(&artifact.path.to_string()), "{}", ended.stdout);
    succeeded(&shelf.call(&["restore", "shop/main", "--to", "shop.sql", "--url", &shelf.url()]));
    assert_eq!(fs::read(shelf.deployment.path("shop.sql")).unwrap(), sql());
    failed(&shelf.call(&["list", "--url", "file:///nowhere/at/all"]), 1, "/nowhere/at/all: there is no such folder");
    failed(&shelf.call(&["list", "--url", "ftp://host"]), 64, "--url is no artifact store");
    failed(&shelf.call(&["list", "--url", &shelf.url(), "--option", "aws_region=eu"]), 64, "not `aws_region`");
}

#[test]
fn an_object_store_opens_by_what_the_environment_holds() {
    let shelf = Shelf::new();
    let artifact = shelf.put("shop/main", Check::None, &noise(BLOCK + 1000), 2);
    let bucket = ObjectStore::start();
    for file in shelf.below("store") {
        if let Ok(bytes) = fs::read(shelf.deployment.path("store").join(&file)) {
            bucket.put(&format!("some/where/{file}"), &bytes);
        }
    }
    let call = |arguments: &[&str], secret: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_watchkeeper"));
        command.arg("backup").args(arguments).current_dir(shelf.deployment.path("restored"));
        command.args(["--url", &format!("s3://{}/some/where", ObjectStore::BUCKET)]);
        command.args(["--option", &format!("aws_region={}", ObjectStore::REGION), "--option", "aws_allow_http=true"]);
        command.env("AWS_ENDPOINT_URL", bucket.url()).env("AWS_PROFILE", "another program's");
        command.env("AWS_ACCESS_KEY_ID", ObjectStore::ACCESS_KEY).env("AWS_SECRET_ACCESS_KEY", secret);
        command.output().unwrap()
    };
    fs::create_dir(shelf.deployment.path("restored")).unwrap();
    for arguments in [&["list"][..], &["verify", "shop"], &["restore", "shop/main", "--to", "content"]] {
        let output = call(arguments, ObjectStore::SECRET_KEY);
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.contains(&artifact.path.to_string()), "{output:?}");
    }
    assert!(fs::read(shelf.deployment.path("restored/content")).unwrap() == noise(BLOCK + 1000));
    assert!(bucket.keys("").contains(&format!("some/where/{}/mark.verified", artifact.path)));
    let refused = call(&["list"], "hunter2");
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(refused.status.code() == Some(1) && said.contains("refused: ") && !said.contains("hunter2"), "{said}");
}

#[test]
fn a_secret_among_the_arguments_is_refused_and_never_repeated() {
    let shelf = Shelf::new();
    let option = "aws_secret_access_key=hunter2";
    let ended = shelf.call(&["list", "--url", "s3://bucket", "--option", option]);
    failed(&ended, 64, "hint: set AWS_SECRET_ACCESS_KEY in the environment instead");
    assert!(!ended.stderr.contains("hunter2"), "{}", ended.stderr);
    let ended = shelf.call(&["list", "--url", "s3://me:hunter2@bucket"]);
    failed(&ended, 64, "keys stand in the environment");
    assert!(!ended.stderr.contains("hunter2"), "{}", ended.stderr);
}

#[test]
fn what_else_is_wrong_with_a_configuration_stops_nothing() {
    let shelf = Shelf::new();
    let artifact = shelf.put("shop/main", Check::PgPlain, &sql(), 2);
    let other = "[chains.dev]\nchain_id = 1\nendpoints = [\"${ENDPOINT_OF_ANOTHER_TIME}\"]\n";
    let secret =
        "[artifacts.second]\nurl = \"s3://bucket\"\noptions = { aws_access_key_id = \"${KEY_OF_ANOTHER_TIME}\" }\n";
    let main = format!("[artifacts.main]\nurl = \"{}\"\n", shelf.url());
    shelf.deployment.configure(&format!("{other}{main}"));
    let ended = shelf.call(&["list"]);
    succeeded(&ended);
    assert!(ended.stdout.contains(&artifact.path.to_string()), "{}", ended.stdout);
    assert!(
        ended.stderr.contains("warning: ") && ended.stderr.contains("ENDPOINT_OF_ANOTHER_TIME"),
        "{}",
        ended.stderr
    );

    shelf.deployment.configure(&format!("{main}{secret}"));
    succeeded(&shelf.call(&["list", "--store", "main"]));
    failed(&shelf.call(&["list", "--store", "second"]), 78, "KEY_OF_ANOTHER_TIME");
}

#[test]
fn which_store_is_meant_must_be_clear() {
    let deployment = Deployment::new("");
    let list =
        |arguments: &[&str]| Watchkeeper::call_in(&deployment.path(""), &[&["backup", "list"], arguments].concat());
    failed(&list(&[]), 78, "names no artifact store\nhint: add `[artifacts.NAME]`");
    let stores = ["main", "second"].map(|name| {
        fs::create_dir(deployment.path(name)).unwrap();
        format!("[artifacts.{name}]\nurl = \"file://{}\"\n", text(deployment.path(name)))
    });
    deployment.configure(&stores.concat());
    failed(&list(&[]), 64, "which store?\nhint: add --store with one of main, second");
    failed(&list(&["--store", "third"]), 78, "no artifact store `third`\nhint: there are main, second");
    let ended = list(&["--store", "second"]);
    succeeded(&ended);
    assert_eq!((&*ended.stdout, &*ended.stderr), ("", "no artifact in store second\n"));
    assert_eq!(list(&["--url", "file:///srv", "--store", "main"]).code, Some(64));
}
