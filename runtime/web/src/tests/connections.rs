//! Connections that dawdle, crowd or are there at the end.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{Furnished, PATIENCE, Server, Setup, answer, until};
use crate::{ScrapeResponse, serve::Limits};

const SHORT: Duration = Duration::from_millis(100);

async fn start(house: &Arc<Furnished>, limits: Limits) -> Server {
    Setup { limits, ..Setup::default() }.start(house).await
}

/// Waits for the server to close a connection, whatever it says before.
async fn closed(mut stream: tokio::net::TcpStream) {
    let mut rest = Vec::new();
    let end = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut rest)).await;
    end.expect("the connection stays open").ok();
}

#[tokio::test]
async fn a_slow_head_is_cut_off_and_does_not_keep_others_out() {
    let limits = Limits { connections: 1, head: SHORT, ..Limits::default() };
    let server = start(&Arc::default(), limits).await;
    let mut slow = server.connect().await;
    slow.write_all(b"GET /-/healthy HTTP/1.1\r\nHost: ").await.unwrap();
    let mut silent = server.connect().await;
    silent.write_all(b"").await.unwrap();
    assert_eq!(server.get("/-/healthy").await.code, 200);
    closed(slow).await;
    closed(silent).await;
}

#[tokio::test]
async fn a_peer_that_takes_nothing_is_cut_off() {
    let big = ScrapeResponse {
        content_type: "text/plain",
        content_encoding: None,
        body: vec![Bytes::from(vec![b'#'; 1 << 20]); 64],
    };
    let house = Arc::new(Furnished { exposition: big, ..Furnished::default() });
    let server = start(&house, Limits { connections: 1, stall: SHORT, ..Limits::default() }).await;
    let mut deaf = server.connect().await;
    let head = format!("GET /metrics HTTP/1.1\r\nHost: {}\r\n\r\n", server.address);
    deaf.write_all(head.as_bytes()).await.unwrap();
    until(|| house.scrapes() == 1).await;
    assert_eq!(server.get("/-/healthy").await.code, 200, "its place is free again");
    drop(deaf);
}

#[tokio::test]
async fn a_connection_serves_many_requests() {
    let server = Server::start(&Arc::default()).await;
    let mut stream = server.connect().await;
    let host = server.address;
    let keep = format!("GET /-/healthy HTTP/1.1\r\nHost: {host}\r\n\r\n");
    let last = format!("GET /-/ready HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(format!("{keep}{keep}{last}").as_bytes()).await.unwrap();
    let answer = answer(stream).await;
    assert_eq!(answer.body.matches("HTTP/1.1 200 OK").count(), 2, "{}", answer.body);
}

#[tokio::test]
async fn requests_under_way_end_before_the_server_does() {
    let house = Arc::new(Furnished::shut());
    let mut server = Server::start(&house).await;
    let address = server.address;
    let idle = server.connect().await;
    let mut asking = server.connect().await;
    let head = format!("GET /metrics HTTP/1.1\r\nHost: {address}\r\n\r\n");
    asking.write_all(head.as_bytes()).await.unwrap();
    until(|| house.scrapes() == 1).await;
    server.shut_down();
    let refused = || std::net::TcpStream::connect(address).is_err();
    until(refused).await;
    house.gate.add_permits(1);
    assert_eq!(answer(asking).await.code, 200);
    drop(idle);
    tokio::time::timeout(PATIENCE, server.ended).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn a_request_that_does_not_end_is_cut_off_at_the_end() {
    let house = Arc::new(Furnished::shut());
    let mut server = start(&house, Limits { drain: SHORT, ..Limits::default() }).await;
    let mut asking = server.connect().await;
    let head = format!("GET /metrics HTTP/1.1\r\nHost: {}\r\n\r\n", server.address);
    asking.write_all(head.as_bytes()).await.unwrap();
    until(|| house.scrapes() == 1).await;
    server.shut_down();
    tokio::time::timeout(PATIENCE, server.ended).await.unwrap().unwrap().unwrap();
    closed(asking).await;
}

#[tokio::test]
async fn a_reload_ends_even_if_nobody_waits_and_only_one_goes_at_a_time() {
    let house = Arc::new(Furnished::shut());
    let server = Server::start(&house).await;
    let head = format!("POST /-/reload HTTP/1.1\r\nHost: {}\r\n{}\r\n\r\n", server.address, server.bearer());
    let mut first = server.connect().await;
    first.write_all(head.as_bytes()).await.unwrap();
    until(|| house.reloads_begun.load(Ordering::SeqCst) == 1).await;
    drop(first);
    let second = server.act("/-/reload", &[], "");
    let open = async {
        assert_eq!(server.get("/-/healthy").await.code, 200);
        assert_eq!(house.reloads_begun.load(Ordering::SeqCst), 1, "two reloads at once");
        house.gate.add_permits(2);
    };
    let (second, ()) = tokio::join!(second, open);
    assert_eq!(second.code, 200);
    assert_eq!(house.reloads_ended.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn actions_that_nobody_waits_for_any_more_are_bounded_and_give_their_place_back() {
    let house = Arc::new(Furnished::shut());
    let server = start(&house, Limits { acts: 1, ..Limits::default() }).await;
    let path = "/api/v1/jobs/main-chain/run";
    let head = format!("POST {path} HTTP/1.1\r\nHost: {}\r\n{}\r\n\r\n", server.address, server.bearer());
    let mut first = server.connect().await;
    first.write_all(head.as_bytes()).await.unwrap();
    until(|| house.acts.lock().unwrap().len() == 1).await;
    drop(first);
    let second = server.act(path, &[], "").await;
    assert_eq!((second.code, second.header("content-type")), (503, Some("application/problem+json")));
    assert_eq!(house.acts.lock().unwrap().len(), 1);
    house.gate.add_permits(2);
    let taken = async { while server.act(path, &[], "").await.code != 202 {} };
    tokio::time::timeout(PATIENCE, taken).await.unwrap();
}
