//! Nothing that lies in a tree, or is swapped in while it is read, leads out of it.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use rustix::fs::{CWD, FileType, Mode, RenameFlags, mknodat, renameat_with};
use watchkeeper_files::FilesFault;

use super::{Laid, PATIENCE, What};

const SECRET: &str = "the secret that lies outside";

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|part| part == text.as_bytes())
}

/// With a folder beside the tree that nobody granted.
fn beside_a_secret() -> Laid {
    let laid = Laid::new();
    fs::create_dir(laid.beside("outside")).unwrap();
    fs::write(laid.beside("outside/file"), SECRET).unwrap();
    laid
}

#[tokio::test]
async fn links_are_recorded_and_never_followed() {
    let laid = beside_a_secret();
    laid.make("inside");
    laid.write("inside/file", "fine");
    let outside = laid.beside("outside").to_str().unwrap().to_owned();
    let links = [
        ("a-file", "inside/file"),
        ("a-folder", "inside"),
        ("dangling", "nowhere"),
        ("loop-1", "loop-2"),
        ("loop-2", "loop-1"),
        ("up", ".."),
        ("itself", "."),
        ("out", outside.as_str()),
        ("out-up", "../outside/file"),
        ("inside/out", "../../outside"),
    ];
    for (link, target) in links {
        laid.link(link, target);
    }
    let got = laid.pack("").await;
    let things = got.things();
    for (link, target) in links {
        assert_eq!(things[link.as_bytes()].what, What::Link(target.into()), "{link}");
    }
    assert_eq!((things.len(), got.ended.clone().unwrap().files), (links.len() + 2, 1));
    assert!(!contains(&got.bytes, SECRET));
    for folder in ["a-folder", "out", "up", "inside/out", "itself/inside", "inside/file"] {
        for refused in [
            laid.reader().pack("main", folder).await.map(|_| ()),
            laid.reader().entries("main", folder).await.map(|_| ()),
        ] {
            let Err(FilesFault::NotFound(why)) = refused else { panic!("{folder}: {refused:?}") };
            assert!(why.contains("a link, which is not followed"), "{why}");
        }
    }
}

#[tokio::test]
async fn the_way_to_the_tree_itself_may_be_a_link() {
    let laid = beside_a_secret();
    fs::rename(laid.path(""), laid.beside("real")).unwrap();
    std::os::unix::fs::symlink("real", laid.beside("tree")).unwrap();
    laid.write("file", "fine");
    assert_eq!(laid.pack("").await.paths(), ["file"]);
    fs::remove_file(laid.beside("tree")).unwrap();
    let refused = laid.reader().pack("main", "").await.unwrap_err();
    assert!(matches!(&refused, FilesFault::NotFound(why) if why.contains("tree `main`")), "{refused:?}");
}

/// Threads swap folders with links to the outside, files with links to the secret, and files with pipes that nobody
/// writes to, as fast as they can, until all of that was packed often.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_swapped_in_while_a_tree_is_read_leads_nowhere() {
    const EACH: usize = 16;
    const OFTEN: u64 = 3_000;
    let laid = beside_a_secret();
    let spare = laid.beside("spare");
    fs::create_dir(&spare).unwrap();
    let mut pairs = Vec::new();
    for number in 0..EACH {
        let [door, file, pipe] = ["door", "file", "pipe"].map(|kind| format!("{kind}-{number}"));
        laid.make(&door);
        laid.write(format!("{door}/file"), "fine");
        laid.write(&file, "fine");
        laid.write(&pipe, "fine");
        std::os::unix::fs::symlink("../outside", spare.join(&door)).unwrap();
        std::os::unix::fs::symlink("../outside/file", spare.join(&file)).unwrap();
        mknodat(CWD, spare.join(&pipe), FileType::Fifo, Mode::RUSR, 0).unwrap();
        pairs.extend([door, file, pipe].map(|name| (laid.path(&name), spare.join(&name))));
    }
    let over = Arc::new(AtomicBool::new(false));
    let swappers: Vec<_> = pairs
        .chunks(pairs.len() / 2)
        .map(|pairs| {
            let (pairs, over) = (pairs.to_vec(), Arc::clone(&over));
            std::thread::spawn(move || {
                while !over.load(Ordering::Relaxed) {
                    for (inside, outside) in &pairs {
                        renameat_with(CWD, inside, CWD, outside, RenameFlags::EXCHANGE).unwrap();
                    }
                }
            })
        })
        .collect();
    let begun = Instant::now();
    let (mut folders, mut links, mut skips) = (0, 0, 0);
    while folders < OFTEN || links < OFTEN || skips < OFTEN {
        assert!(begun.elapsed() < PATIENCE, "{folders} folders, {links} links, {skips} skips");
        let got = laid.pack("").await;
        assert!(!contains(&got.bytes, SECRET));
        match &got.ended {
            Ok(packed) => {
                skips += packed.skipped;
                for thing in got.things().values() {
                    match &thing.what {
                        What::Folder => folders += 1,
                        What::Link(target) => {
                            assert!(target.starts_with(b"../outside"));
                            links += 1;
                        }
                        What::File(content) => assert_eq!(content, b"fine"),
                    }
                }
            }
            Err(FilesFault::Io(why)) => assert!(why.contains("each time that it is looked at"), "{why}"),
            Err(other) => panic!("{other:?}"),
        }
    }
    over.store(true, Ordering::Relaxed);
    swappers.into_iter().for_each(|swapper| swapper.join().unwrap());
}
