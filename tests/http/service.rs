//! An HTTP service on the loopback address that keeps what it was sent and answers by the path. One request a connection.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

const GLANCE: Duration = Duration::from_millis(10);
const LONGEST: Duration = Duration::from_secs(120);

/// What came, as text.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) line: String,
    pub(crate) headers: Vec<String>,
    pub(crate) body: String,
}

/// The running service.
pub(crate) struct Service {
    address: SocketAddr,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    received: Mutex<Vec<Received>>,
    ended: AtomicBool,
}

impl Service {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("a bound address");
        let shared = Arc::<Shared>::default();
        let acceptor = thread::spawn({
            let shared = Arc::clone(&shared);
            move || {
                for stream in listener.incoming().flatten() {
                    if shared.ended.load(Ordering::SeqCst) {
                        return;
                    }
                    let shared = Arc::clone(&shared);
                    thread::spawn(move || {
                        // A client that went away is part of some tests.
                        let _gone = serve(&shared, &stream);
                    });
                }
            }
        });
        Self { address, shared, acceptor: Some(acceptor) }
    }

    /// `http://127.0.0.1:PORT`.
    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.shared.received.lock().expect("no connection panics").clone()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        let _woken = TcpStream::connect(self.address);
        if let Some(acceptor) = self.acceptor.take() {
            acceptor.join().expect("the acceptor doesn't panic");
        }
    }
}

fn serve(shared: &Shared, mut stream: &TcpStream) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let length = lines.iter().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body)?;
    let Some((line, headers)) = lines.split_first() else { return Ok(()) };
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let received =
        Received { line: line.clone(), headers: headers.to_vec(), body: String::from_utf8_lossy(&body).into_owned() };
    shared.received.lock().expect("no connection panics").push(received);
    if let Some(to) = path.strip_prefix("/redirect/") {
        let head = format!("HTTP/1.1 302 Found\r\nlocation: http://{to}\r\ncontent-length: 0\r\n\r\n");
        return stream.write_all(head.as_bytes());
    }
    match &*path {
        "/slow" => {
            let begun = Instant::now();
            while !shared.ended.load(Ordering::SeqCst) && begun.elapsed() < LONGEST {
                thread::sleep(GLANCE);
            }
            Ok(())
        }
        "/endless" => {
            stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")?;
            for _ in 0..1 << 20 {
                stream.write_all(b"400\r\n")?;
                stream.write_all(&[b'x'; 1024])?;
                stream.write_all(b"\r\n")?;
            }
            Ok(())
        }
        "/cut" => stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf"),
        _ => {
            let answer = r#"{"jsonrpc":"2.0","id":1,"result":"answer"}"#;
            let head = format!(
                "HTTP/1.1 200 OK\r\nset-cookie: session=1\r\nx-said: yes\r\ncontent-length: {}\r\n\r\n",
                answer.len()
            );
            stream.write_all(head.as_bytes())?;
            stream.write_all(answer.as_bytes())
        }
    }
}
