//! `backup restore --unpack`: a tree comes back as it was, in a folder of its own, or nothing does.

use std::{fs, path::Path};

use tar::Builder;
use watchkeeper_artifact_store::{BLOCK, Check};

use super::shelf::{Shelf, failed, noise, sql, succeeded};

/// An archive of a folder with a file that is greater than a block, a link and an empty folder.
fn tree(folder: &Path) -> Vec<u8> {
    fs::create_dir_all(folder.join("a/b")).unwrap();
    fs::create_dir(folder.join("empty")).unwrap();
    fs::write(folder.join("a/b/noise"), noise(BLOCK + 1000)).unwrap();
    fs::write(folder.join("small"), "small").unwrap();
    std::os::unix::fs::symlink("/etc/passwd", folder.join("link")).unwrap();
    let mut archive = Builder::new(Vec::new());
    archive.follow_symlinks(false);
    archive.append_dir_all("", folder).unwrap();
    archive.into_inner().unwrap()
}

#[test]
fn a_tree_comes_back_as_it_was() {
    let shelf = Shelf::new();
    let archive = tree(&shelf.deployment.path("tree"));
    shelf.put("contracts/tree", Check::Tar, &archive, 2);
    let ended = shelf.call(&["restore", "contracts/tree", "--unpack", "back"]);
    succeeded(&ended);
    assert_eq!(shelf.below("back"), shelf.below("tree"));
    assert!(ended.stdout.contains(", as put in, "), "{}", ended.stdout);
    for file in ["a/b/noise", "small"] {
        assert!(
            fs::read(shelf.deployment.path("back").join(file)).unwrap()
                == fs::read(shelf.deployment.path("tree").join(file)).unwrap()
        );
    }
    assert_eq!(fs::read_link(shelf.deployment.path("back/link")).unwrap(), Path::new("/etc/passwd"));

    // Into a folder that is there and empty, and into none that isn't.
    fs::create_dir(shelf.deployment.path("empty")).unwrap();
    succeeded(&shelf.call(&["restore", "contracts/tree", "--unpack", "empty"]));
    assert_eq!(shelf.below("empty"), shelf.below("tree"));
    fs::create_dir(shelf.deployment.path("full")).unwrap();
    fs::write(shelf.deployment.path("full/precious"), "precious").unwrap();
    failed(&shelf.call(&["restore", "contracts/tree", "--unpack", "full"]), 64, "full: is not empty");
    assert_eq!(shelf.below("full"), ["precious"]);
}

#[test]
fn of_a_damaged_archive_nothing_is_unpacked() {
    let shelf = Shelf::new();
    let archive = tree(&shelf.deployment.path("tree"));
    let artifact = shelf.put("contracts/tree", Check::Tar, &archive, 2);
    shelf.flip(&artifact, usize::try_from(artifact.stored.size).unwrap() - 1);
    let before = shelf.below("");
    let ended = shelf.call(&["restore", "contracts/tree", "--unpack", "back"]);
    failed(&ended, 1, &format!("content.zst: bytes {BLOCK} to {} are not what was stored", artifact.stored.size - 1));
    failed(&ended, 1, "nothing was restored");
    assert_eq!(shelf.below(""), before);
}

#[test]
fn an_archive_that_leads_out_of_its_folder_is_not_unpacked() {
    let shelf = Shelf::new();
    let mut archive = Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.as_mut_bytes()[..8].copy_from_slice(b"../stray");
    header.set_size(1);
    header.set_cksum();
    archive.append(&header, &b"x"[..]).unwrap();
    shelf.put("contracts/tree", Check::Tar, &archive.into_inner().unwrap(), 2);
    let before = shelf.below("");
    failed(&shelf.call(&["restore", "contracts/tree", "--unpack", "back"]), 1, "../stray leads out of the folder");
    assert_eq!(shelf.below(""), before);
    // It can be had as it is.
    succeeded(&shelf.call(&["restore", "contracts/tree", "--to", "tree.tar"]));
}

#[test]
fn what_is_no_archive_is_not_unpacked() {
    let shelf = Shelf::new();
    shelf.put("shop/main", Check::PgPlain, &sql(), 2);
    let ended = shelf.call(&["restore", "shop/main", "--unpack", "back"]);
    failed(&ended, 64, "is no tar archive, its check is pg-plain\nhint: --to restores it as a file");
    assert!(!shelf.deployment.path("back").exists());
}
