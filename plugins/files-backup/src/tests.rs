//! The plugin against a host whose trees are played.

use watchkeeper_sdk::{
    Error, chain,
    files::{Error as FilesError, Packed},
    log::Level,
    serde_json::{Value, json},
    testing::{Host, Packing, Run, Tree},
};

/// An archive of a tree or a folder in it.
fn tar(folder: &str) -> Vec<u8> {
    format!("tar of {folder:?} ").into_bytes().repeat(400)
}

fn packed(changed: &[&str]) -> Packed {
    Packed { files: 12, bytes: 3_000, skipped: 1, changed: changed.iter().map(|name| (*name).to_owned()).collect() }
}

/// A host whose tree `config` comes to this.
fn host(ended: Result<Packed, FilesError>) -> Host {
    let tree = Tree::new(move |folder| Ok(Packing { tar: tar(folder), ended: ended.clone() }));
    Host::new(|_, _, _| Err(chain::Error::Unavailable("no chain".into())))
        .tree("config", tree)
        .tree("fine", Tree::new(|folder| Ok(Packing { tar: tar(folder), ended: Ok(packed(&[])) })))
}

fn run(host: &Host, config: Value) -> Run {
    host.run(crate::run, config)
}

fn only(more: Value) -> Value {
    let mut config = json!({ "trees": [{ "tree": "config" }] });
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    config
}

#[test]
fn each_tree_is_an_artifact() {
    let host = host(Ok(packed(&[])));
    let trees = json!({ "trees": [{ "tree": "config" }, { "tree": "fine", "folder": "a/b", "name": "b" }] });
    let run = run(&host, trees);
    let said = run.outcome.clone().unwrap();
    assert!(said.starts_with("config: ") && said.contains("; b: "), "{said}");
    let store = host.store();
    let [b, config] = store.artifacts().try_into().unwrap();
    assert_eq!((store.content(&b.path), store.content(&config.path)), (Some(tar("a/b")), Some(tar(""))));
    assert_eq!(b.metadata, [("tree".to_owned(), "fine".to_owned()), ("folder".to_owned(), "a/b".to_owned())]);
    assert!(store.asked().contains(&"put config tar".to_owned()), "{:?}", store.asked());
    assert_eq!(run.samples("files_backup_files", &["config"]), [12.0]);
    assert_eq!(run.samples("files_backup_skipped_files", &["b"]), [1.0]);
    assert_eq!(run.samples("files_backup_changed_files", &["b"]), [0.0]);
    assert_eq!(run.samples("backup_size_bytes", &["config"]), [tar("").len() as f64]);
}

#[test]
fn an_archive_with_files_that_changed_is_no_backup() {
    let host = host(Ok(packed(&["a.toml", "b\n.toml"])));
    let run = run(&host, only(json!({})));
    let Err(Error::Failed(message)) = run.outcome else { panic!("{:?}", run.outcome) };
    assert!(
        message.starts_with("`config`: changed while they were read: \"a.toml\", \"b\\n.toml\"\nhint: "),
        "{message}"
    );
    assert!(host.store().artifacts().is_empty());
}

#[test]
fn changes_can_be_allowed_and_are_named() {
    let names: Vec<String> = (0..14).map(|number| format!("{number}.log")).collect();
    let host = host(Ok(packed(&names.iter().map(String::as_str).collect::<Vec<_>>())));
    let run = run(&host, only(json!({ "allow_changes": true })));
    assert!(run.outcome.is_ok(), "{:?}", run.outcome);
    assert_eq!(run.samples("files_backup_changed_files", &["config"]), [14.0]);
    let (_, warned) = run.logs.iter().find(|(level, _)| *level == Level::Warn).unwrap();
    assert!(warned.contains("\"0.log\", ") && warned.contains("\"9.log\" and 4 more"), "{warned}");
}

#[test]
fn a_tree_that_cannot_be_read_leaves_the_others_be() {
    let unreadable = FilesError::Io("a/secret: permission denied".into());
    let host = host(Err(unreadable));
    let run = run(&host, json!({ "trees": [{ "tree": "config" }, { "tree": "unknown" }, { "tree": "fine" }] }));
    let Err(Error::Denied(message)) = run.outcome else { panic!("{:?}", run.outcome) };
    for words in ["`config`: a/secret: permission denied; ", "`unknown`: no tree `unknown`", "; fine: "] {
        assert!(message.contains(words), "{message}");
    }
    assert_eq!(host.store().artifacts().len(), 1);
}

#[test]
fn an_archive_without_files_is_too_small() {
    let empty = Tree::new(|_| Ok(Packing { tar: vec![0; 1_536], ended: Ok(Packed::default()) }));
    let host = Host::new(|_, _, _| Err(chain::Error::Unavailable("no chain".into()))).tree("config", empty);
    let message = run(&host, only(json!({}))).outcome.unwrap_err().to_string();
    assert_eq!(message, "`config`: nothing was stored: it has 1536 bytes, less than 2048");
    assert!(run(&host, only(json!({ "minimum_size": "0B" }))).outcome.is_ok());
}

#[test]
fn a_config_that_cannot_work_is_refused_with_its_key() {
    let host = host(Ok(packed(&[])));
    for (config, words) in [
        (json!({ "trees": [] }), "key `trees`: no tree"),
        (json!({ "trees": [{ "tree": "Config" }] }), "key `trees[0]`: `Config` can't be an artifact's name"),
        (json!({ "trees": [{ "tree": "a" }, { "tree": "a", "folder": "b" }] }), "key `trees[1]`: `a` is there twice"),
        (json!({ "trees": [{ "tree": "a", "path": "b" }] }), "unknown field `path`"),
    ] {
        let Err(Error::InvalidConfig(message)) = run(&host, config.clone()).outcome else { panic!("{config}") };
        assert!(message.contains(words), "{config}: {message}");
    }
}
