//! Whoever follows a chain is told of each head that stays, by WebSocket or by polling, whatever breaks meanwhile.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a failed helper is a failed test")]

mod support;

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::{Value, json};
use support::{Opened, anvil::Anvil, open, settings, until};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
};
use watchkeeper_chain::ChainSettings;
use watchkeeper_contract::{Open, TellHead};
use watchkeeper_model::{Head, HeadFeed};

/// So long that only a WebSocket, or the check on it, tells of a head in a test.
const NEVER: Duration = Duration::from_secs(600);

/// What was told, in order: confirmations and head.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<(u64, Head)>>>);

impl Told {
    fn follow(&self, opened: &Opened, confirmations: &[u64]) {
        let feed = |confirmations: &u64| HeadFeed { chain: "local".into(), confirmations: *confirmations };
        let feeds: BTreeSet<HeadFeed> = confirmations.iter().map(feed).collect();
        let told = Arc::clone(&self.0);
        let tell: TellHead = Arc::new(move |feed, head| told.lock().unwrap().push((feed.confirmations, head)));
        opened.chains.follow(&feeds, &tell);
    }

    fn all(&self, confirmations: u64) -> Vec<Head> {
        let told = self.0.lock().unwrap();
        told.iter().filter(|(of, _)| *of == confirmations).map(|(_, head)| *head).collect()
    }

    fn numbers(&self, confirmations: u64) -> Vec<u64> {
        self.all(confirmations).iter().map(|head| head.number).collect()
    }

    async fn last_is(&self, confirmations: u64, number: u64) {
        let what = format!("block {number} to be told");
        until(&what, || self.numbers(confirmations).last() == Some(&number)).await;
    }
}

fn polled(anvil: &Anvil) -> Opened {
    open(settings(&[("main", anvil.url())]))
}

/// With the WebSocket of one address, and hardly any polling.
fn by_socket(anvil: &Anvil, socket: String) -> Opened {
    let mut settings: ChainSettings = settings(&[("main", anvil.url())]);
    settings.poll_interval = NEVER;
    settings.endpoints[0].websocket = Some(socket);
    open(settings)
}

fn socket_of(anvil: &Anvil) -> String {
    anvil.url().replace("http://", "ws://")
}

async fn mine(anvil: &Anvil, blocks: u64) {
    anvil.ask("anvil_mine", json!([format!("{blocks:#x}")])).await;
}

async fn hash(anvil: &Anvil, number: u64) -> Value {
    anvil.ask("eth_getBlockByNumber", json!([format!("{number:#x}"), false])).await["hash"].clone()
}

#[tokio::test]
async fn polling_tells_of_the_head_at_once_and_of_each_new_one() {
    let anvil = Anvil::start();
    mine(&anvil, 5).await;
    let (opened, told) = (polled(&anvil), Told::default());
    told.follow(&opened, &[0]);
    told.last_is(0, 5).await;
    mine(&anvil, 1).await;
    told.last_is(0, 6).await;
    mine(&anvil, 10).await;
    told.last_is(0, 16).await;
    assert!(told.numbers(0).is_sorted());
    let heads = told.all(0);
    assert_eq!(json!(heads.last().unwrap().hash.to_string()), hash(&anvil, 16).await);
}

#[tokio::test]
async fn a_websocket_tells_of_every_block_in_order() {
    let anvil = Anvil::start();
    let (opened, told) = (by_socket(&anvil, socket_of(&anvil)), Told::default());
    told.follow(&opened, &[0]);
    let up = "watchkeeper_chain_websocket_up{chain=\"local\",endpoint=\"main\"} 1";
    until("the WebSocket to be up", || opened.exposition().contains(up)).await;
    told.last_is(0, 0).await;
    for number in 1..=20 {
        mine(&anvil, 1).await;
        told.last_is(0, number).await;
    }
    assert_eq!(told.numbers(0), (0..=20).collect::<Vec<_>>());
    assert!(opened.exposition().contains("watchkeeper_chain_heads_total{chain=\"local\",source=\"websocket\"} 20"));
    assert!(!opened.exposition().contains("ws://"));
}

#[tokio::test]
async fn a_reorganisation_is_told_by_its_new_head() {
    let anvil = Anvil::start();
    for opened in [polled(&anvil), by_socket(&anvil, socket_of(&anvil))] {
        let told = Told::default();
        told.follow(&opened, &[0]);
        mine(&anvil, 8).await;
        let head = anvil.ask("eth_blockNumber", json!([])).await;
        let head = u64::from_str_radix(head.as_str().unwrap().trim_start_matches("0x"), 16).unwrap();
        told.last_is(0, head).await;
        let before = told.all(0).last().unwrap().hash;
        anvil.ask("anvil_reorg", json!([3, []])).await;
        until("the new head to be told", || told.all(0).last().is_some_and(|last| last.hash != before)).await;
        let last = *told.all(0).last().unwrap();
        assert_eq!(last.number, head);
        assert_eq!(json!(last.hash.to_string()), hash(&anvil, head).await);
    }
}

#[tokio::test]
async fn a_block_with_confirmations_is_told_when_it_has_them() {
    let anvil = Anvil::start();
    mine(&anvil, 2).await;
    let (opened, told) = (polled(&anvil), Told::default());
    told.follow(&opened, &[0, 3]);
    told.last_is(0, 2).await;
    assert_eq!(told.numbers(3), [0; 0]);
    mine(&anvil, 4).await;
    told.last_is(3, 3).await;
    assert_eq!(json!(told.all(3).last().unwrap().hash.to_string()), hash(&anvil, 3).await);
}

#[tokio::test]
async fn without_followers_nothing_is_asked_and_what_is_not_followed_any_more_is_not_told() {
    let anvil = Anvil::start();
    let (opened, told) = (polled(&anvil), Told::default());
    assert!(!opened.exposition().contains("watchkeeper_chain_requests_total"));
    told.follow(&opened, &[0]);
    told.last_is(0, 0).await;
    let silent = Told::default();
    silent.follow(&opened, &[]);
    mine(&anvil, 1).await;
    let again = Told::default();
    again.follow(&opened, &[0]);
    again.last_is(0, 1).await;
    assert_eq!(told.numbers(0), [0]);
}

#[tokio::test]
async fn a_websocket_that_goes_silent_is_noticed_and_heads_come_by_polling() {
    let anvil = Anvil::start();
    let (frozen, freeze) = watch::channel(false);
    let relay = relay(&anvil, freeze).await;
    let mut settings = settings(&[("main", anvil.url())]);
    settings.endpoints[0].websocket = Some(relay);
    let (opened, told) = (open(settings), Told::default());
    told.follow(&opened, &[0]);
    until("the WebSocket to be up", || {
        opened.exposition().contains("websocket_up{chain=\"local\",endpoint=\"main\"} 1")
    })
    .await;
    mine(&anvil, 1).await;
    told.last_is(0, 1).await;
    frozen.send(true).unwrap();
    // The check comes within ten seconds, and looks again soon.
    for number in 2..=4 {
        mine(&anvil, 1).await;
        told.last_is(0, number).await;
    }
    until("the loss to be counted", || {
        opened.exposition().contains("websocket_losses_total{chain=\"local\",endpoint=\"main\"} 1")
    })
    .await;
    frozen.send(false).unwrap();
    until("the WebSocket to be up again", || {
        opened.exposition().contains("websocket_up{chain=\"local\",endpoint=\"main\"} 1")
    })
    .await;
}

#[tokio::test]
async fn a_websocket_of_another_chain_is_not_listened_to() {
    let (anvil, other) = (Anvil::start(), Anvil::start());
    other.ask("anvil_setChainId", json!([5])).await;
    let mut settings = settings(&[("main", anvil.url())]);
    settings.endpoints[0].websocket = Some(socket_of(&other));
    let (opened, told) = (open(settings), Told::default());
    told.follow(&opened, &[0]);
    mine(&anvil, 1).await;
    told.last_is(0, 1).await;
    let lost = "watchkeeper_chain_websocket_losses_total{chain=\"local\",endpoint=\"main\"}";
    until("the refusal to be counted", || opened.exposition().contains(lost)).await;
    mine(&other, 50).await;
    mine(&anvil, 1).await;
    told.last_is(0, 2).await;
}

/// A relay in front of a node that hands nothing on while it is frozen. Returns its address.
async fn relay(anvil: &Anvil, frozen: watch::Receiver<bool>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let node = anvil.url().trim_start_matches("http://").trim_end_matches('/').to_owned();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let (node, mut frozen) = (node.clone(), frozen.clone());
            tokio::spawn(async move {
                let mut upstream = TcpStream::connect(node).await.unwrap();
                tokio::select! {
                    _either_end = copy_bidirectional(&mut client, &mut upstream) => return,
                    _changed = frozen.wait_for(|frozen| *frozen) => {}
                }
                // Held open, and silent.
                let _thawed = frozen.wait_for(|frozen| !*frozen).await;
            });
        }
    });
    format!("ws://{address}")
}
