//! One byte changed anywhere in a stored artifact: verify and restore say which and where, and nothing is overwritten.

use std::{fs, path::PathBuf};

use super::stage::{WRITE, artifacts, backup, files, folder_store, mover, nothing, steps};
use crate::support::{Deployment, Watchkeeper};

#[test]
fn a_changed_byte_is_named_and_nothing_is_overwritten() {
    let deployment = Deployment::new("");
    deployment.configure(&format!("{}\n{}", folder_store(&deployment), nothing(&deployment)));
    deployment.plugin("mover");
    let store = "{ store = { name = \"a\", text = \"some text that is stored\", times = 5000 } }";
    deployment.job("mover", &mover(&[store], &[], &[], WRITE));
    let watchkeeper = Watchkeeper::start(&deployment);
    steps(&watchkeeper, "mover");
    let path = artifacts(&deployment).pop().unwrap();
    let target = deployment.path("precious");
    fs::write(&target, "precious").unwrap();
    let objects: Vec<PathBuf> = files(&deployment.path("store"))
        .into_iter()
        .filter(|file| file.ends_with("manifest.json") || file.to_string_lossy().contains("content.zst"))
        .collect();
    assert_eq!(objects.len(), 2, "{objects:?}");
    for object in objects {
        let good = fs::read(&object).unwrap();
        let places = [0, 1, good.len() / 3, good.len() / 2, good.len() - 2, good.len() - 1];
        for place in places {
            let mut bad = good.clone();
            bad[place] ^= 0x10;
            fs::write(&object, &bad).unwrap();
            let name = object.file_name().unwrap().to_str().unwrap();
            let verified = backup(&deployment, &["verify", &path]);
            let said = verified.stderr + &verified.stdout;
            assert_ne!(verified.code, Some(0), "byte {place} of {name}: {said}");
            assert!(said.contains(&format!("{path}/{name}")), "byte {place} of {name}: {said}");
            let restore = ["restore", &path, "--overwrite", "--to", target.to_str().unwrap()];
            let restored = backup(&deployment, &restore);
            assert_ne!(restored.code, Some(0), "byte {place} of {name}");
            assert!(restored.stderr.contains(name), "{}", restored.stderr);
            assert_eq!(fs::read_to_string(&target).unwrap(), "precious");
        }
        for (size, what) in [(good.len() - 1, "missing"), (good.len() + 1, "were not stored with it")] {
            let mut bad = good.clone();
            bad.resize(size, 0);
            fs::write(&object, &bad).unwrap();
            let verified = backup(&deployment, &["verify", &path]);
            let said = verified.stderr + &verified.stdout;
            // A manifest is one whole: what is missing of it isn't told from what is wrong with it.
            let told = object.ends_with("manifest.json") || said.contains(what);
            assert!(verified.code != Some(0) && told, "{size} bytes: {said}");
        }
        fs::write(&object, &good).unwrap();
    }
    assert_eq!(backup(&deployment, &["verify", &path]).code, Some(0));
    let left: Vec<_> = fs::read_dir(deployment.path(".")).unwrap().flatten().map(|entry| entry.file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().contains("precious") && name != "precious"), "{left:?}");
}
