//! One request of S3 and its answer, as they go over the wire.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use super::On;

pub(super) const PATIENCE: Duration = Duration::from_secs(30);
const LONGEST_BODY: u64 = 256 << 20;

/// A request: its head as it came, but for the connection's fate, and its body.
pub(super) struct Request {
    method: String,
    /// The part of the path after the bucket.
    key: String,
    query: Vec<(String, String)>,
    head: String,
    length: u64,
    pub(super) body: Vec<u8>,
    /// What came with the head.
    early: Vec<u8>,
}

/// The store's answer.
pub(super) struct Answer {
    pub(super) status: u16,
    /// Its head without what tells of the body's length.
    head: String,
    /// The length that it is announced with: where only the head was asked for, that isn't the body's.
    announced: Option<usize>,
    pub(super) body: Vec<u8>,
}

impl Request {
    pub(super) fn read_head(stream: &TcpStream) -> io::Result<Self> {
        let mut reader = BufReader::new(stream);
        let lines = head_lines(&mut reader)?;
        let first = lines.first().ok_or(io::ErrorKind::UnexpectedEof)?;
        let mut words = first.split_whitespace();
        let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let (_, key) = path.trim_start_matches('/').split_once('/').unwrap_or_default();
        let query = query.split('&').filter(|pair| !pair.is_empty());
        let query = query.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        let length = header(&lines, "content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        if length > LONGEST_BODY {
            return Err(io::Error::other("too long a body"));
        }
        let kept = lines.iter().filter(|line| !is_header(line, "connection"));
        let head: String = kept.map(|line| format!("{line}\r\n")).collect();
        Ok(Self {
            method: method.to_owned(),
            key: decoded(key),
            query: query.map(|(name, value)| (decoded(name), decoded(value))).collect(),
            head: format!("{head}connection: close\r\n\r\n"),
            length,
            body: Vec::new(),
            early: reader.buffer().to_vec(),
        })
    }

    pub(super) fn read_body(&mut self, stream: &mut TcpStream) -> io::Result<()> {
        self.body = std::mem::take(&mut self.early);
        let missing = self.length.saturating_sub(self.body.len() as u64);
        stream.take(missing).read_to_end(&mut self.body)?;
        if (self.body.len() as u64) < self.length { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
    }

    /// Reads half of the body only.
    pub(super) fn read_half(&mut self, stream: &mut TcpStream) -> io::Result<()> {
        io::copy(&mut stream.take(self.length / 2), &mut io::sink())?;
        Ok(())
    }

    /// Has the store do it, and reads all of its answer.
    pub(super) fn send(&self, upstream: SocketAddr) -> io::Result<Answer> {
        let mut stream = TcpStream::connect(upstream)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.write_all(self.head.as_bytes())?;
        // A store may refuse a request before it has read all of it: the answer counts.
        let sent = stream.write_all(&self.body);
        let answer = Answer::read(&stream);
        if answer.is_err() { sent.and(answer) } else { answer }
    }

    /// Its kind and nothing else.
    pub(super) fn without_body(&self) -> Self {
        let (method, key, query) = (self.method.clone(), self.key.clone(), self.query.clone());
        Self { method, key, query, head: String::new(), length: 0, body: Vec::new(), early: Vec::new() }
    }

    pub(super) fn is(&self, on: On) -> bool {
        let is_object = !self.key.is_empty();
        let in_parts = self.parameter("uploadId").is_some();
        match on {
            On::Any => true,
            On::Create => self.method == "POST" && self.parameter("uploads").is_some(),
            On::Part(number) => self.method == "PUT" && self.parameter("partNumber") == Some(&number.to_string()),
            On::Complete => self.method == "POST" && in_parts,
            On::Abort => self.method == "DELETE" && in_parts,
            On::Put(end) => self.method == "PUT" && is_object && !in_parts && self.key.ends_with(end),
            On::Get(end) => self.method == "GET" && is_object && !in_parts && self.key.ends_with(end),
            On::Delete if self.method == "POST" => self.parameter("delete").is_some(),
            On::Delete => self.method == "DELETE" && is_object && !in_parts,
            On::List => self.method == "GET" && !is_object && self.parameter("list-type").is_some(),
        }
    }

    pub(super) fn key(&self) -> &str {
        &self.key
    }

    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }
}

impl Answer {
    fn read(stream: &TcpStream) -> io::Result<Self> {
        let mut reader = BufReader::new(stream);
        let lines = head_lines(&mut reader)?;
        let status = lines.first().and_then(|line| line.split_whitespace().nth(1)?.parse().ok());
        let mut body = Vec::new();
        let is_chunked = header(&lines, "transfer-encoding").is_some();
        if is_chunked {
            read_chunks(&mut reader, &mut body)?;
        } else {
            reader.read_to_end(&mut body)?;
        }
        let announced = header(&lines, "content-length").and_then(|length| length.parse().ok());
        let kept =
            lines.iter().filter(|line| !is_header(line, "content-length") && !is_header(line, "transfer-encoding"));
        Ok(Self {
            status: status.ok_or_else(|| io::Error::other("no status"))?,
            head: kept.map(|line| format!("{line}\r\n")).collect(),
            announced,
            body,
        })
    }

    /// What a store that can't or won't says.
    pub(super) fn error(status: u16) -> Self {
        let code = match status {
            403 => "AccessDenied",
            404 => "NoSuchKey",
            503 => "SlowDown",
            _ => "InternalError",
        };
        let body = format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>by the test</Message></Error>");
        let head = format!("HTTP/1.1 {status} Status\r\ncontent-type: application/xml\r\nconnection: close\r\n");
        Self { status, head, announced: None, body: body.into_bytes() }
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        let length = if self.body.is_empty() { self.announced.unwrap_or(0) } else { self.body.len() };
        let mut bytes = format!("{}content-length: {length}\r\n\r\n", self.head).into_bytes();
        bytes.extend(&self.body);
        bytes
    }
}

/// Changes the byte in the middle; returns whether there is one.
pub(super) fn flip(bytes: &mut [u8]) -> bool {
    let middle = bytes.len() / 2;
    bytes.get_mut(middle).map(|byte| *byte ^= 1).is_some()
}

fn head_lines(reader: &mut impl BufRead) -> io::Result<Vec<String>> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        match line.trim_end() {
            "" => return Ok(lines),
            line => lines.push(line.to_owned()),
        }
    }
}

fn read_chunks(reader: &mut impl BufRead, body: &mut Vec<u8>) -> io::Result<()> {
    loop {
        let mut size = String::new();
        reader.read_line(&mut size)?;
        let size = u64::from_str_radix(size.trim(), 16).map_err(io::Error::other)?;
        if size == 0 {
            return Ok(());
        }
        reader.by_ref().take(size).read_to_end(body)?;
        reader.read_line(&mut String::new())?;
    }
}

fn header<'a>(lines: &'a [String], name: &str) -> Option<&'a str> {
    lines.iter().find(|line| is_header(line, name)).and_then(|line| line.split_once(':')).map(|(_, value)| value.trim())
}

fn is_header(line: &str, name: &str) -> bool {
    line.split_once(':').is_some_and(|(found, _)| found.trim().eq_ignore_ascii_case(name))
}

/// Undoes percent-encoding.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, others)) = rest.split_first() {
        let pair = others.get(..2).and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        match pair {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = others.get(2..).unwrap_or_default();
            }
            _ => {
                bytes.push(*first);
                rest = others;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
