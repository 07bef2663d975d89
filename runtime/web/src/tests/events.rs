//! The stream of changes: what it says, to how many, and when it ends.

use std::{sync::Arc, time::Duration};

use base64::{Engine, prelude::BASE64_STANDARD};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

use super::{Furnished, PATIENCE, Server, Setup, samples, until};
use crate::{api::Event, serve::Limits};

/// A reader of the stream, after its head.
async fn read(server: &Server, headers: &str) -> BufReader<TcpStream> {
    let head = format!("GET /api/v1/events HTTP/1.1\r\nHost: {}\r\n{headers}\r\n", server.address);
    let mut stream = server.connect().await;
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut reader = BufReader::new(stream);
    while line(&mut reader).await.as_deref() != Some("retry: 5000") {}
    reader
}

/// The next line that isn't empty, a chunk's length or a comment; none at the end.
async fn line(reader: &mut BufReader<TcpStream>) -> Option<String> {
    loop {
        let mut line = String::new();
        let read = tokio::time::timeout(PATIENCE, reader.read_line(&mut line)).await.unwrap().unwrap();
        let line = line.trim_end();
        let length = !line.is_empty() && line.bytes().all(|byte| byte.is_ascii_hexdigit());
        match () {
            () if read == 0 || line == "0" => return None,
            () if line.is_empty() || length || line.starts_with(':') => {}
            () => return Some(line.to_owned()),
        }
    }
}

#[tokio::test]
async fn each_event_comes_with_its_name_and_its_json() {
    let house = Arc::new(Furnished::default());
    let server = Server::start(&house).await;
    let mut reader = read(&server, "").await;
    let events = [
        Event::RunStarted { run: samples::going("x") },
        Event::RunFinished { run: samples::run("two\nlines") },
        Event::JobChanged { job: samples::job_name() },
        Event::Reloaded { ok: false },
        Event::Store { up: false },
    ];
    for event in events {
        house.events.send(Arc::new(event.clone())).unwrap();
        assert_eq!(line(&mut reader).await.unwrap(), format!("event: {}", event.name()));
        let data = line(&mut reader).await.unwrap();
        assert_eq!(serde_json::from_str::<Event>(data.strip_prefix("data: ").unwrap()).unwrap(), event);
    }
}

#[tokio::test]
async fn a_slow_reader_is_told_what_it_missed_and_goes_on() {
    let house = Arc::new(Furnished::default());
    let server = Server::start(&house).await;
    let mut reader = read(&server, "").await;
    // On this thread alone the server has no turn between these.
    for number in 0..20 {
        house.events.send(Arc::new(Event::Reloaded { ok: number == 19 })).unwrap();
    }
    assert_eq!(line(&mut reader).await.unwrap(), "event: lagged");
    assert_eq!(line(&mut reader).await.unwrap(), r#"data: {"event":"lagged","missed":4}"#);
    let mut last = String::new();
    for _ in 0..32 {
        last = line(&mut reader).await.unwrap();
    }
    assert_eq!(last, r#"data: {"event":"reloaded","ok":true}"#);
}

#[tokio::test]
async fn readers_are_bounded_and_give_their_place_back() {
    let house = Arc::new(Furnished::default());
    let limits = Limits { readers: 1, ..Limits::default() };
    let server = Setup { limits, ..Setup::default() }.start(&house).await;
    let first = read(&server, "").await;
    let second = server.get("/api/v1/events").await;
    assert_eq!((second.code, second.header("content-type")), (503, Some("application/problem+json")));
    drop(first);
    until(|| {
        let _ = house.events.send(Arc::new(Event::Store { up: true }));
        house.events.receiver_count() == 0
    })
    .await;
    read(&server, "").await;
}

#[tokio::test]
async fn the_stream_ends_with_the_server_at_once() {
    let house = Arc::new(Furnished::default());
    let limits = Limits { drain: PATIENCE * 2, ..Limits::default() };
    let mut server = Setup { limits, ..Setup::default() }.start(&house).await;
    let mut reader = read(&server, "").await;
    server.shut_down();
    assert_eq!(line(&mut reader).await, None);
    tokio::time::timeout(PATIENCE, server.ended).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn the_stream_ends_with_its_session() {
    let house = Arc::new(Furnished::default());
    let server = Server::start(&house).await;
    let form = "Content-Type: application/x-www-form-urlencoded";
    let answer = server.send("POST", "/login", &[form], &format!("token={}", server.token)).await;
    let cookie = answer.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let mut reader = read(&server, &format!("Cookie: {cookie}\r\n")).await;
    server.move_clock(12 * 3_600);
    house.events.send(Arc::new(Event::Store { up: true })).unwrap();
    assert_eq!(line(&mut reader).await, None);
}

#[tokio::test]
async fn the_stream_ends_with_its_user() {
    let users = |name: &str| format!("basic_auth_users:\n  {name}: {}\n", bcrypt::hash("right", 4).unwrap());
    let limits = Limits { heartbeat: Duration::from_millis(10), ..Limits::default() };
    let server = Setup { limits, web_config: Some(users("alice")), ..Setup::default() }.start(&Arc::default()).await;
    let alice = format!("Authorization: Basic {}\r\n", BASE64_STANDARD.encode("alice:right"));
    let mut reader = read(&server, &alice).await;
    std::fs::write(server.file("web.yml"), users("bob")).unwrap();
    let end = tokio::time::timeout(PATIENCE, line(&mut reader)).await;
    assert_eq!(end.expect("the stream goes on"), None);
}

#[tokio::test]
async fn a_quiet_stream_shows_that_it_still_stands() {
    let house = Arc::new(Furnished::default());
    let limits = Limits { heartbeat: Duration::from_millis(10), ..Limits::default() };
    let server = Setup { limits, ..Setup::default() }.start(&house).await;
    let mut reader = read(&server, "").await;
    let mut beats = 0;
    while beats < 2 {
        let mut text = String::new();
        let read = tokio::time::timeout(PATIENCE, reader.read_line(&mut text));
        assert!(read.await.expect("no heartbeat").unwrap() > 0);
        beats += usize::from(text.trim_end() == ":");
    }
}
