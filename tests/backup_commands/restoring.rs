//! `backup restore`: the content comes back as it was put in, or nothing does; nothing is overwritten unasked.

use std::{fs, os::unix::fs::PermissionsExt};

use serde_json::json;
use watchkeeper_artifact_store::{BLOCK, Check};

use super::shelf::{KEY, Shelf, answer, failed, noise, sql, succeeded, text, write_key};

#[test]
fn content_comes_back_as_it_was_put_in() {
    let shelf = Shelf::new();
    let content = noise(2 * BLOCK + 1000);
    let older = shelf.put("shop/main", Check::None, &content, 50);
    let newer = shelf.put("shop/main", Check::PgPlain, &sql(), 2);
    let (path, folder) = (older.path.to_string(), shelf.deployment.path("restored"));
    fs::create_dir(&folder).unwrap();

    let ended = shelf.call(&["restore", &path, "--to", "restored/older"]);
    succeeded(&ended);
    assert_eq!(ended.stdout, format!("{}: 8.0 MiB of {path}, as put in\n", text(folder.join("older"))));
    assert!(fs::read(folder.join("older")).unwrap() == content);
    assert_eq!(fs::metadata(folder.join("older")).unwrap().permissions().mode() & 0o777, 0o600);

    // The newest of a name, in a folder, under a name that says what it is.
    let ended = shelf.call(&["restore", "shop/main", "--to", "restored", "--format", "json"]);
    succeeded(&ended);
    let name = format!("shop-main-{}.sql", newer.path.id);
    let restored = json!({"path": newer.path.to_string(), "to": folder.join(&name), "size": newer.content.size, "sha256": newer.content.sha256.hex()});
    assert_eq!(answer(&ended), restored);
    assert_eq!(fs::read(folder.join(&name)).unwrap(), sql());
    assert_eq!(shelf.below("restored"), ["older", &name]);

    let (poured, ended) = shelf.poured(&["restore", &path, "--to", "-"]);
    succeeded(&ended);
    assert!(poured == content);
}

#[test]
fn a_dump_is_restored_with_the_line_that_makes_a_database_of_it() {
    let shelf = Shelf::new();
    shelf.put("shop/main", Check::PgPlain, &sql(), 2);
    let ended = shelf.call(&["restore", "shop/main", "--to", "a dump.sql"]);
    succeeded(&ended);
    let file = text(shelf.deployment.path("a dump.sql"));
    assert_eq!(ended.stderr, format!("hint: psql --set=ON_ERROR_STOP=1 --dbname=DATABASE --file='{file}'\n"));
}

#[test]
fn one_changed_byte_is_named_and_nothing_is_written_or_overwritten() {
    let shelf = Shelf::new();
    let content = noise(2 * BLOCK + 1000);
    let artifact = shelf.put("shop/main", Check::None, &content, 2);
    let path = artifact.path.to_string();
    fs::create_dir(shelf.deployment.path("restored")).unwrap();
    fs::write(shelf.deployment.path("restored/precious"), "precious").unwrap();
    shelf.flip(&artifact, BLOCK + 17);
    let named = format!("{path}/content.zst: bytes {BLOCK} to {} are not what was stored", 2 * BLOCK - 1);
    for to in [&["--to", "restored/new"][..], &["--to", "restored/precious", "--overwrite"], &["--to", "restored"]] {
        let ended = shelf.call(&[&["restore", &path], to].concat());
        failed(&ended, 1, &format!("error: {named}\nnothing was restored, and nothing was overwritten\n"));
        assert_eq!(shelf.below("restored"), ["precious"]);
    }
    assert_eq!(fs::read(shelf.deployment.path("restored/precious")).unwrap(), b"precious");

    // What goes on by a pipe is the beginning, and no byte of what is wrong.
    let (poured, ended) = shelf.poured(&["restore", &path, "--to", "-"]);
    failed(&ended, 1, &format!("error: {named}\nhint: throw away what went to standard output"));
    assert!(content.starts_with(&poured) && poured.len() <= BLOCK, "{} bytes", poured.len());
}

#[test]
fn what_is_there_is_replaced_only_on_a_clear_word() {
    let shelf = Shelf::new();
    shelf.put("shop/main", Check::PgPlain, &sql(), 2);
    let file = shelf.deployment.path("shop.sql");
    let restore = ["restore", "shop/main", "--to", "shop.sql"];
    fs::write(&file, "precious").unwrap();
    failed(&shelf.call(&restore), 64, "shop.sql is there already\nhint: --overwrite replaces it");
    let ended = shelf.answered(&restore, "n");
    assert_eq!(ended.code, Some(1), "{}", ended.stdout);
    assert!(ended.stdout.contains("replace it? [y/N]: "), "{}", ended.stdout);
    assert_eq!(fs::read(&file).unwrap(), b"precious");
    let ended = shelf.answered(&restore, "y");
    assert_eq!(ended.code, Some(0), "{}", ended.stdout);
    assert_eq!(fs::read(&file).unwrap(), sql());
    fs::write(&file, "precious").unwrap();
    succeeded(&shelf.call(&[&restore[..], &["--overwrite"]].concat()));
    assert_eq!(fs::read(&file).unwrap(), sql());

    // A link may lead anywhere, and is no file to replace.
    std::os::unix::fs::symlink(&file, shelf.deployment.path("link")).unwrap();
    failed(&shelf.call(&["restore", "shop/main", "--to", "link", "--overwrite"]), 64, "is there, and is no file");
    failed(
        &shelf.call(&["restore", "shop/main", "--to", "no/where"]),
        64,
        "/no: is not there\nhint: mkdir -p it first",
    );
    assert_eq!(shelf.call(&["restore", "shop/main"]).code, Some(64));
    let ended = shelf.answered(&["restore", "shop/main", "--to", "-"], "y");
    assert!(ended.code == Some(64) && ended.stdout.contains("would go to this terminal"), "{ended:?}");
}

#[test]
fn what_is_encrypted_needs_its_key_and_no_other_will_do() {
    let shelf = Shelf::encrypting();
    let artifact = shelf.put("shop/main", Check::PgPlain, &sql(), 2);
    let recipient = &artifact.stored.recipients[0];
    write_key(&shelf.deployment, "other.key");
    let restore = ["restore", "shop/main", "--to", "shop.sql"];
    for keys in [&[][..], &["--identity", "other.key"]] {
        let ended = shelf.call(&[&restore[..], keys].concat());
        failed(&ended, 1, &format!("it is encrypted to {recipient}\nhint: name the file with the age identity"));
        assert!(!shelf.deployment.path("shop.sql").exists());
    }
    fs::set_permissions(shelf.deployment.path("other.key"), fs::Permissions::from_mode(0o644)).unwrap();
    let exposed = shelf.call(&[&restore[..], &["--identity", "other.key"]].concat());
    failed(&exposed, 64, "hint: chmod 600");
    let secret = fs::read_to_string(shelf.deployment.path(KEY)).unwrap();
    shelf.deployment.write("broken.key", secret.replace("AGE-SECRET-KEY-1", "AGE-SECRET-KEY-2").as_bytes());
    fs::set_permissions(shelf.deployment.path("broken.key"), fs::Permissions::from_mode(0o600)).unwrap();
    let broken = shelf.call(&[&restore[..], &["--identity", "broken.key"]].concat());
    failed(&broken, 64, "broken.key: line 2: not an age identity");
    assert!(!broken.stderr.contains(secret.lines().last().unwrap().get(16..).unwrap()), "{}", broken.stderr);

    succeeded(&shelf.call(&[&restore[..], &["--identity", KEY, "--url", &shelf.url()]].concat()));
    assert_eq!(fs::read(shelf.deployment.path("shop.sql")).unwrap(), sql());
}
