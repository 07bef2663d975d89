//! Names that lead where they may not, or elsewhere the second time.

use std::{net::SocketAddr, sync::atomic::Ordering};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::{denial, get, run, service};

const ORIGIN: &str = "origin = \"http://node.test:80\"";

/// A server that answers its name to whoever comes.
async fn named(name: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = [0; 4096];
            let _read = stream.read(&mut head).await;
            let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{name}", name.len());
            let _written = stream.write_all(answer.as_bytes()).await;
        }
    });
    address
}

#[tokio::test]
async fn one_address_that_may_not_be_spoils_the_name() {
    let here = named("here").await;
    let public: SocketAddr = "1.1.1.1:80".parse().unwrap();
    for (answer, kind) in [
        (vec![here], "loopback"),
        (vec![public, here], "loopback"),
        (vec!["169.254.1.1:80".parse().unwrap()], "link-local"),
        (vec!["169.254.169.254:80".parse().unwrap()], "hands out credentials"),
        (vec!["10.1.2.3:80".parse().unwrap()], "private"),
        (vec!["[::ffff:10.1.2.3]:80".parse().unwrap()], "private"),
        (vec!["[64:ff9b::a01:203]:80".parse().unwrap()], "private"),
        (vec!["[fd00::1]:80".parse().unwrap()], "unique local"),
        (vec!["0.0.0.0:80".parse().unwrap()], "unspecified"),
    ] {
        let (mut run, _) = run(service(ORIGIN).unwrap(), vec![answer.clone()]);
        let text = denial(get(&mut run, "http://node.test").await);
        for words in ["job \"probe\"", "http \"node\"", kind, "hint: "] {
            assert!(text.contains(words), "{words}: {answer:?}: {text}");
        }
    }
}

#[tokio::test]
async fn a_private_service_may_be_near_but_never_nowhere() {
    let private = format!("{ORIGIN}\nprivate = true");
    let here = named("here").await;
    let (mut near, _) = run(service(&private).unwrap(), vec![vec![here]]);
    assert_eq!(get(&mut near, "http://node.test").await.unwrap(), (200, "here".into()));
    let (mut nowhere, _) = run(service(&private).unwrap(), vec![vec!["224.0.0.1:80".parse().unwrap()]]);
    assert!(denial(get(&mut nowhere, "http://node.test").await).contains("multicast"));
    let metadata = "169.254.169.254:80".parse().unwrap();
    let (mut led_astray, _) = run(service(&private).unwrap(), vec![vec![metadata]]);
    assert!(denial(get(&mut led_astray, "http://node.test").await).contains("hands out credentials"));
}

#[tokio::test]
async fn the_address_that_was_checked_is_the_one_that_is_asked() {
    let (first, second) = (named("first").await, named("second").await);
    let private = service(&format!("{ORIGIN}\nprivate = true")).unwrap();
    let (mut run, asked) = run(private, vec![vec![first], vec![second]]);
    assert_eq!(get(&mut run, "http://node.test").await.unwrap().1, "first");
    assert_eq!(asked.load(Ordering::SeqCst), 1, "checked and connected to by one answer");
    assert_eq!(get(&mut run, "http://node.test").await.unwrap().1, "second");
    assert_eq!(asked.load(Ordering::SeqCst), 2, "each request asks anew");
}

#[tokio::test]
async fn a_name_that_moves_home_between_two_requests_is_denied() {
    let here = named("here").await;
    let (mut run, _) = run(service(ORIGIN).unwrap(), vec![vec!["255.255.255.255:80".parse().unwrap()], vec![here]]);
    assert!(denial(get(&mut run, "http://node.test").await).contains("reserved"));
    assert!(denial(get(&mut run, "http://node.test").await).contains("`private = true` under `[http.node]`"));
}
