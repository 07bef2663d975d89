//! An archive that nobody needs any more ends, whoever holds it.

use watchkeeper_contract::{RunGrant, Settlement};
use watchkeeper_files::{FilesFault, Packing};
use watchkeeper_model::Outcome;

use super::{Laid, PATIENCE, rest};

fn large() -> Laid {
    let laid = Laid::new();
    laid.write("a", vec![b'a'; 8 << 20]);
    laid
}

#[tokio::test]
async fn a_reader_that_leaves_ends_it() {
    let laid = large();
    let Packing { mut tar, ended } = laid.reader().pack("main", "").await.unwrap();
    tar.next().await.unwrap();
    drop(tar);
    let ended = tokio::time::timeout(PATIENCE, ended).await.unwrap().unwrap();
    assert_eq!(ended, Err(FilesFault::Unread));
}

#[tokio::test]
async fn a_run_that_settles_waits_for_its_end_and_not_for_who_holds_it() {
    let laid = large();
    let reader = laid.reader();
    let held = reader.pack("main", "").await.unwrap();
    let mut settlement = Settlement::default();
    let settled = reader.settle(Outcome::Timeout, &mut settlement);
    tokio::time::timeout(PATIENCE, settled).await.unwrap();
    let stopped = [("job_name", "backup"), ("tree", "main"), ("result", "stopped")];
    assert_eq!(laid.metric("watchkeeper_files_packs_total", &stopped), 1.0, "it is over by then");
    let got = rest(held, Vec::new()).await;
    assert_eq!(got.ended, Err(FilesFault::Stopped));
    assert_eq!(got.verdict, Err("the run ended before the archive did".to_owned()));
}

#[tokio::test]
async fn a_run_has_four_archives_at_once_and_the_fifth_waits() {
    let laid = large();
    let reader = laid.reader();
    let mut held = Vec::new();
    for _ in 0..4 {
        held.push(reader.pack("main", "").await.unwrap());
    }
    let mut fifth = std::pin::pin!(reader.pack("main", ""));
    assert!(std::future::poll_fn(|context| std::task::Poll::Ready(fifth.as_mut().poll(context).is_pending())).await);
    drop(held.pop());
    let fifth = tokio::time::timeout(PATIENCE, fifth).await.unwrap().unwrap();
    assert_eq!(rest(fifth, Vec::new()).await.ended.unwrap().files, 1);
}
