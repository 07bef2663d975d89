//! A job reads the trees of its grant, by plain paths, and nothing else.

use std::collections::BTreeMap;

use prometheus::Registry;
use tokio::runtime::Handle;
use watchkeeper_config::TreeSettings;
use watchkeeper_contract::{Grant, Open};
use watchkeeper_files::{FilesFault, FilesMetrics, Trees};

use super::{Laid, collect, job};

#[tokio::test]
async fn a_tree_without_a_grant_is_denied_by_name() {
    let laid = Laid::new();
    for tree in ["other", "", "../main", "main/", "ma\u{1b}in"] {
        for refused in
            [laid.reader().pack(tree, "").await.map(|_| ()), laid.reader().entries(tree, "").await.map(|_| ())]
        {
            let Err(FilesFault::Denied(why)) = refused else { panic!("{tree}: {refused:?}") };
            let named = tree.replace('\u{1b}', "");
            let expected =
                format!("job `backup`: `files` doesn't grant the tree {named:?}\nhint: list it under `grants.files`");
            assert!(why.starts_with(&expected), "{why}");
        }
    }
    let denied = [("job_name", "backup"), ("tree", ""), ("result", "denied")];
    assert_eq!(laid.metric("watchkeeper_files_packs_total", &denied), 10.0);
}

#[tokio::test]
async fn a_folder_that_is_no_plain_path_is_denied() {
    let laid = Laid::new();
    laid.make("a/b");
    for folder in ["/", "..", "../tree", "a/../a", "a/./b", "a//b", "a/b/", "/etc", "a\0b"] {
        for refused in [
            laid.reader().pack("main", folder).await.map(|_| ()),
            laid.reader().entries("main", folder).await.map(|_| ()),
        ] {
            let Err(FilesFault::Denied(why)) = refused else { panic!("{folder:?}: {refused:?}") };
            assert!(why.starts_with("job `backup`: `files` grants no folder "), "{why}");
        }
    }
    let missing = laid.reader().pack("main", "a/c").await.map(|_| ());
    assert_eq!(missing, Err(FilesFault::NotFound("tree `main`: a/c: it is not there".to_owned())));
    assert_eq!(laid.reader().entries("main", "a/b").await, Ok(Vec::new()));
}

#[tokio::test]
async fn a_grant_names_trees_that_are_there() {
    let laid = Laid::new();
    let granted = laid.grant(r#"files = ["main"]"#).unwrap();
    let path = laid.path("");
    assert_eq!(
        granted.describe(),
        [format!("reads all files of the tree main ({})", path.to_str().unwrap().trim_end_matches('/'))]
    );
    let refused = |written: &str| laid.grant(written).err().unwrap().to_string();
    assert_eq!(refused(r#"files = ["main", "mian"]"#), "there is no tree \"mian\"\nhint: watchkeeper.toml names main");
    for wrong in ["files = []", "files = true", "files = \"main\"", "files = [1]", "files.main = {}"] {
        assert!(refused(wrong).starts_with("not a list of trees\nhint: write `files = [\"NAME\"]`"), "{wrong}");
    }
}

#[tokio::test]
async fn a_grant_covers_what_allows_no_more() {
    let granted = |trees: &[(&str, &str, u64)]| {
        let settings: BTreeMap<_, _> = trees
            .iter()
            .map(|(name, path, max_size)| ((*name).to_owned(), TreeSettings { path: path.into(), max_size: *max_size }))
            .collect();
        let metrics = FilesMetrics::register(&Registry::new()).unwrap();
        let trees = Trees::open(&settings, &metrics, &Handle::current());
        let names: Vec<_> = settings.into_keys().map(toml::Value::from).collect();
        trees.grant(&job(), &toml::Value::Array(names)).unwrap()
    };
    let covers =
        |ours: &[(&str, &str, u64)], older: &[(&str, &str, u64)]| granted(ours).covers(&*granted(older) as &dyn Grant);
    assert!(covers(&[("a", "/a", 10), ("b", "/b", 10)], &[("a", "/a", 9)]));
    assert!(!covers(&[("a", "/a", 10)], &[("a", "/a", 10), ("b", "/b", 10)]));
    assert!(!covers(&[("a", "/a", 9)], &[("a", "/a", 10)]));
    assert!(!covers(&[("a", "/b", 10)], &[("a", "/a", 10)]));
}

#[tokio::test]
async fn packs_are_counted_by_job_tree_and_result() {
    let laid = Laid::bounded(1_000);
    laid.write("a", "12345");
    for _ in 0..2 {
        laid.pack("").await.ended.unwrap();
    }
    laid.reader().pack("main", "nowhere").await.unwrap_err();
    laid.write("b", vec![0; 1_000]);
    let packing = laid.reader().pack("main", "").await.unwrap();
    collect(packing).await.ended.unwrap_err();
    let packs = |result| {
        laid.metric("watchkeeper_files_packs_total", &[("job_name", "backup"), ("tree", "main"), ("result", result)])
    };
    assert_eq!(["ok", "not_found", "too_large"].map(packs), [2.0, 1.0, 1.0]);
    let bytes = laid.metric("watchkeeper_files_packed_bytes_total", &[("job_name", "backup"), ("tree", "main")]);
    assert_eq!(bytes, 15.0, "of two whole archives and one that broke off");
}
