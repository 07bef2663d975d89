//! A node of a chain on a loopback port: answers at once and always the same, so that what is measured is the caller.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    thread,
};

use anyhow::{Context, Result};
use serde_json::{Value, json};

/// The chain that it says it is.
pub(crate) const CHAIN_ID: u64 = 31_337;
const HEIGHT: u64 = 4_660;
/// The longest request that it reads.
const LONGEST: usize = 1 << 20;

/// Starts a node that lives as long as this process; returns its URL.
///
/// # Errors
/// There is no free port.
pub(crate) fn start() -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").context("no port for the bench's node")?;
    let url = format!("http://{}", listener.local_addr()?);
    thread::Builder::new().name("node".into()).spawn(move || {
        for connection in listener.incoming().flatten() {
            // A client that went away has no answer to miss.
            thread::spawn(move || drop(serve(connection)));
        }
    })?;
    Ok(url)
}

/// Answers requests until the client closes.
fn serve(connection: TcpStream) -> Result<()> {
    connection.set_nodelay(true)?;
    let mut writer = connection.try_clone()?;
    let mut reader = BufReader::new(connection);
    while let Some(length) = content_length(&mut reader)? {
        let mut body = vec![0; length.min(LONGEST)];
        reader.read_exact(&mut body)?;
        let answer = answer(&serde_json::from_slice(&body)?).to_string();
        let head =
            format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", answer.len());
        writer.write_all(&[head.as_bytes(), answer.as_bytes()].concat())?;
    }
    Ok(())
}

/// Reads a request's head; none at the connection's end.
fn content_length(reader: &mut impl BufRead) -> Result<Option<usize>> {
    let mut length = 0;
    let mut line = String::new();
    loop {
        line.clear();
        if reader.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let lower = line.to_ascii_lowercase();
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse()?;
        }
        if line.trim().is_empty() {
            return Ok(Some(length));
        }
    }
}

fn answer(request: &Value) -> Value {
    let result = match request.get("method").and_then(Value::as_str) {
        Some("eth_chainId") => json!(format!("{CHAIN_ID:#x}")),
        Some("eth_getBlockByNumber") => json!({
            "number": format!("{HEIGHT:#x}"),
            "hash": format!("0x{}", "ab".repeat(32)),
            "parentHash": format!("0x{}", "cd".repeat(32)),
            "timestamp": "0x65000000",
            "transactions": [],
        }),
        _ => Value::Null,
    };
    json!({ "jsonrpc": "2.0", "id": request.get("id"), "result": result })
}
