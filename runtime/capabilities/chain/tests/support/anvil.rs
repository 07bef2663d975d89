//! A real node: Anvil, on a free port, ended with the test.

use std::{
    env, fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use alloy_primitives::{Address, hex};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    runtime::Handle,
    sync::Mutex,
};

use super::fake::{Fake, Say};

pub(crate) struct Anvil {
    child: Child,
    port: u16,
    /// Requests that a counted endpoint hands on, and those of `ask`, one at a time.
    gate: Arc<Mutex<()>>,
}

impl Anvil {
    /// A chain whose blocks come with each transaction, or when asked.
    pub(crate) fn start() -> Self {
        let program = program();
        assert!(program.exists(), "there is no Anvil at {}\nhint: `cargo xtask test` installs it", program.display());
        let mut child = Command::new(&program)
            .args(["--host", "127.0.0.1", "--port", "0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = lines.by_ref().find_map(|line| {
            let line = line.unwrap();
            line.strip_prefix("Listening on ")?.rsplit(':').next()?.trim().parse().ok()
        });
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, port: port.expect("anvil says where it listens"), gate: Arc::default() }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    /// Asks the node past the capability.
    pub(crate) async fn ask(&self, method: &str, params: Value) -> Value {
        let answer = self.answer(&json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params })).await;
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].clone()
    }

    /// Puts Multicall3 where it is on other chains.
    pub(crate) async fn install_multicall3(&self) {
        let file = fs::read_to_string(contracts().join("build/Multicall3.json"))
            .expect("Multicall3 is there; `cargo xtask test` installs it");
        let contract: Value = serde_json::from_str(&file).unwrap();
        let sender = self.ask("eth_accounts", json!([])).await[0].clone();
        let create = json!([{ "from": sender, "data": contract["bytecode"], "gas": "0x1c9c380" }]);
        let sent = self.ask("eth_sendTransaction", create).await;
        let deadline = Instant::now() + Duration::from_secs(20);
        let receipt = loop {
            let receipt = self.ask("eth_getTransactionReceipt", json!([sent])).await;
            if !receipt.is_null() {
                break receipt;
            }
            assert!(Instant::now() < deadline, "Multicall3 is not created");
        };
        let code = self.ask("eth_getCode", json!([receipt["contractAddress"], "latest"])).await;
        self.ask("anvil_setCode", json!([super::MULTICALL3, code])).await;
        self.ask("anvil_mine", json!(["0x1"])).await;
    }

    /// What the node answers to a request as it is, or to a batch.
    pub(crate) async fn answer(&self, request: &Value) -> Value {
        let _alone = self.gate.lock().await;
        answer(self.port, request).await
    }

    /// An endpoint that hands on to this node what it is asked, one after the other, and counts it.
    pub(crate) async fn counted(&self) -> Fake {
        let (port, gate) = (self.port, Arc::clone(&self.gate));
        Fake::start(move |request| {
            let handed_on = async {
                let _alone = gate.lock().await;
                answer(port, request).await
            };
            Say::json(&tokio::task::block_in_place(|| Handle::current().block_on(handed_on)))
        })
        .await
    }

    /// An endpoint that hands on to this node what it is asked, and whose answers `change` may alter: each gets its request.
    pub(crate) async fn altered(&self, change: impl Fn(&Value, &mut Value) + Send + Sync + 'static) -> Fake {
        let (port, gate) = (self.port, Arc::clone(&self.gate));
        Fake::start(move |request| {
            let handed_on = async {
                let _alone = gate.lock().await;
                answer(port, request).await
            };
            let mut answered = tokio::task::block_in_place(|| Handle::current().block_on(handed_on));
            match (request.as_array(), answered.as_array_mut()) {
                (Some(requests), Some(answers)) => {
                    for request in requests {
                        answers
                            .iter_mut()
                            .filter(|answer| answer["id"] == request["id"])
                            .for_each(|a| change(request, a));
                    }
                }
                _ => change(request, &mut answered),
            }
            Say::json(&answered)
        })
        .await
    }

    /// One of the node's own accounts.
    pub(crate) async fn account(&self, place: usize) -> Address {
        self.ask("eth_accounts", json!([])).await[place].as_str().unwrap().parse().unwrap()
    }

    /// Signs a transfer from one of the node's own accounts; nobody is told of it.
    pub(crate) async fn signed(&self, from: Address, to: Address, nonce: u64, gas_price: u64) -> Vec<u8> {
        let hex = |number: u64| format!("{number:#x}");
        let transfer = json!([{
            "from": from, "to": to, "value": "0x7", "nonce": hex(nonce), "gas": hex(21_000), "gasPrice": hex(gas_price),
        }]);
        let signed = self.ask("eth_signTransaction", transfer).await;
        hex::decode(signed.as_str().unwrap()).unwrap()
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

async fn answer(port: u16, request: &Value) -> Value {
    let body = request.to_string();
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let head = format!(
        "POST / HTTP/1.0\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (_head, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap()
}

impl Drop for Anvil {
    fn drop(&mut self) {
        let _ended_already = self.child.kill();
        let _ended_already = self.child.wait();
    }
}

fn program() -> PathBuf {
    if let Some(path) = env::var_os("WATCHKEEPER_ANVIL") {
        return path.into();
    }
    let system = if cfg!(target_os = "macos") { "darwin" } else { "linux" };
    let machine = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
    services().join(format!("npm/node_modules/@foundry-rs/anvil-{system}-{machine}/bin/anvil"))
}

fn contracts() -> PathBuf {
    env::var_os("WATCHKEEPER_CONTRACTS").map_or_else(|| services().join("contracts"), PathBuf::from)
}

fn services() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("services")
}
