//! Counts HTTP requests on their way to a node. Only for counting: what is timed goes there directly.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use anyhow::{Context, Result};

/// A way to a node that counts; lives as long as this process.
pub(super) struct Counter {
    pub(super) url: String,
    requests: Arc<AtomicUsize>,
}

impl Counter {
    pub(super) fn start(node: &str) -> Result<Self> {
        let node = node.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").context("no port for the counter")?;
        let url = format!("http://{}", listener.local_addr()?);
        let requests = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&requests);
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let (node, requests) = (node.clone(), Arc::clone(&counted));
                // A client that went away has no answer to miss.
                thread::spawn(move || drop(serve(connection, &node, &requests)));
            }
        });
        Ok(Self { url, requests })
    }

    pub(super) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

/// Hands requests on until the client closes.
fn serve(client: TcpStream, node: &str, requests: &AtomicUsize) -> Result<()> {
    let node = TcpStream::connect(node)?;
    let (mut to_node, mut to_client) = (node.try_clone()?, client.try_clone()?);
    let (mut from_node, mut from_client) = (BufReader::new(node), BufReader::new(client));
    while let Some(request) = message(&mut from_client)? {
        requests.fetch_add(1, Ordering::SeqCst);
        to_node.write_all(&request)?;
        let Some(answer) = message(&mut from_node)? else { break };
        to_client.write_all(&answer)?;
    }
    Ok(())
}

/// The next message, head and body; none at the connection's end.
fn message(from: &mut impl BufRead) -> Result<Option<Vec<u8>>> {
    let (mut message, mut length) = (Vec::new(), 0);
    loop {
        let begun = message.len();
        if from.read_until(b'\n', &mut message)? == 0 {
            return Ok(None);
        }
        let line = String::from_utf8_lossy(message.get(begun..).unwrap_or_default()).to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse()?;
        }
        if line.trim().is_empty() {
            from.take(length).read_to_end(&mut message)?;
            return Ok(Some(message));
        }
    }
}
