//! A real object store of a test's own that speaks S3: SeaweedFS on free loopback ports, with one bucket and one key.
//!
//! What a test asks of it here goes to it directly, with signed requests, and never through what stands between it and the
//! program under test.

mod signing;

use std::{fs, time::Duration};

use serde_json::json;
use tempfile::TempDir;

use self::signing::authorized;
use super::{
    eventually,
    http::{self, Response},
    ports::free_ports,
    process::Process,
    programs,
};

const PATIENCE: Duration = Duration::from_secs(60);
const TRIES: u32 = 5;
/// Its parts and their ports' distances from the first; each part has a second port, for its own protocol, so much above.
const PARTS: [(&str, u16); 4] = [("s3", 0), ("master", 1), ("volume", 2), ("filer", 3)];
const SECOND: u16 = 10_000;

/// A running store.
pub(crate) struct ObjectStore {
    process: Process,
    _folder: TempDir,
    port: u16,
}

impl ObjectStore {
    /// Its bucket, empty at first.
    pub(crate) const BUCKET: &str = "backups";
    /// The key that may do everything.
    pub(crate) const ACCESS_KEY: &str = "watchkeeper";
    /// That key's secret.
    pub(crate) const SECRET_KEY: &str = "correct-horse-battery-staple";
    /// The region that it calls its own.
    pub(crate) const REGION: &str = "us-east-1";

    /// Starts it and makes the bucket: about four seconds.
    pub(crate) fn start() -> Self {
        let distances: Vec<_> = PARTS.iter().flat_map(|(_, distance)| [*distance, distance + SECOND]).collect();
        for _ in 0..TRIES {
            if let Some(store) = Self::start_at(free_ports(&distances)) {
                store.make_bucket();
                return store;
            }
        }
        panic!("SeaweedFS started on none of {TRIES} ports");
    }

    fn start_at(port: u16) -> Option<Self> {
        let folder = TempDir::new().expect("a temporary folder");
        let (keys, data) = (folder.path().join("s3.json"), folder.path().join("data"));
        let credentials = json!([{"accessKey": Self::ACCESS_KEY, "secretKey": Self::SECRET_KEY}]);
        let actions = json!(["Admin", "Read", "Write", "List"]);
        let identities = json!({"identities": [{"name": "tests", "credentials": credentials, "actions": actions}]});
        fs::write(&keys, identities.to_string()).expect("space on the disk");
        fs::create_dir(&data).expect("space on the disk");
        let mut arguments: Vec<_> = ["server", "-s3", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"].map(str::to_owned).into();
        arguments.extend([format!("-dir={}", data.display()), format!("-s3.config={}", keys.display())]);
        for (part, distance) in PARTS {
            let first = port + distance;
            arguments.extend([format!("-{part}.port={first}"), format!("-{part}.port.grpc={}", first + SECOND)]);
        }
        // Ports that it would open on its own; enough small volumes for a bucket.
        arguments.extend(["-s3.port.iceberg=0", "-s3.port.lance=0", "-master.telemetry=false"].map(str::to_owned));
        arguments.extend(["-volume.max=200", "-master.volumeSizeLimitMB=32"].map(str::to_owned));
        let mut process = Process::start("weed", programs::weed().as_os_str(), &arguments);
        let is_healthy = eventually("SeaweedFS to start", PATIENCE, || {
            let health = http::send("GET", &format!("http://127.0.0.1:{port}/healthz"), &[], b"");
            if health.is_ok_and(|answer| answer.status == 200) {
                return Some(true);
            }
            process.ended().is_some().then_some(false)
        });
        is_healthy.then_some(Self { process, _folder: folder, port })
    }

    fn make_bucket(&self) {
        eventually("a bucket in SeaweedFS", PATIENCE, || (self.send("PUT", "", &[], b"").status == 200).then_some(()));
    }

    /// `http://127.0.0.1:PORT`.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The keys of all objects that start so, in their order.
    #[track_caller]
    pub(crate) fn keys(&self, prefix: &str) -> Vec<String> {
        let mut keys = Vec::<String>::new();
        loop {
            let after = keys.last().cloned().unwrap_or_default();
            let query = [("list-type", "2"), ("prefix", prefix), ("start-after", &after)];
            let listed = self.done("GET", "", &query, b"");
            keys.extend(texts(listed.text(), "Key"));
            if texts(listed.text(), "IsTruncated") != ["true"] {
                return keys;
            }
        }
    }

    /// An object's bytes; none if there is no such object.
    #[track_caller]
    pub(crate) fn get(&self, key: &str) -> Option<Vec<u8>> {
        let answer = self.send("GET", key, &[], b"");
        assert!([200, 404].contains(&answer.status), "{answer:?}");
        (answer.status == 200).then_some(answer.body)
    }

    /// Makes an object, or has it hold other bytes.
    #[track_caller]
    pub(crate) fn put(&self, key: &str, bytes: &[u8]) {
        self.done("PUT", key, &[], bytes);
    }

    /// Removes an object.
    #[track_caller]
    pub(crate) fn delete(&self, key: &str) {
        self.done("DELETE", key, &[], b"");
    }

    /// The keys of uploads in parts that were neither completed nor given up.
    #[track_caller]
    pub(crate) fn unfinished(&self) -> Vec<String> {
        texts(self.done("GET", "", &[("uploads", "")], b"").text(), "Key")
    }

    /// Sends a signed request about the object with a key, or about the bucket if the key is empty.
    ///
    /// # Panics
    /// If it doesn't answer.
    #[track_caller]
    pub(crate) fn send(&self, method: &str, key: &str, query: &[(&str, &str)], body: &[u8]) -> Response {
        self.send_to(&self.url(), method, key, query, body)
    }

    /// The same through something that stands before it.
    #[track_caller]
    pub(crate) fn send_to(
        &self,
        endpoint: &str,
        method: &str,
        key: &str,
        query: &[(&str, &str)],
        body: &[u8],
    ) -> Response {
        self.try_send_to(endpoint, method, key, query, body)
            .unwrap_or_else(|error| panic!("{method} {key}: {error}\n{}", self.process.output()))
    }

    /// The same; the error is of the connection, in words.
    pub(crate) fn try_send_to(
        &self,
        endpoint: &str,
        method: &str,
        key: &str,
        query: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Response, String> {
        let path = format!("/{}/{key}", Self::BUCKET);
        let request = authorized(endpoint, method, &path, query, body);
        let headers: Vec<_> = request.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        http::send(method, &request.url, &headers, body)
    }

    #[track_caller]
    fn done(&self, method: &str, key: &str, query: &[(&str, &str)], body: &[u8]) -> Response {
        let answer = self.send(method, key, query, body);
        assert!((200..300).contains(&answer.status), "{method} {key}: {answer:?}");
        answer
    }
}

impl Drop for ObjectStore {
    fn drop(&mut self) {
        // It leaves sockets behind however it ends. It is killed, by its process' handle: asked to end, it hangs.
        for (_, distance) in PARTS {
            for port in [self.port + distance, self.port + distance + SECOND] {
                for file in fs::read_dir("/tmp").into_iter().flatten().flatten() {
                    let name = file.file_name().into_string().unwrap_or_default();
                    if name.starts_with("seaweedfs-") && name.ends_with(&format!("-{port}.sock")) {
                        // Somebody else may have tidied up.
                        let _ = fs::remove_file(file.path());
                    }
                }
            }
        }
    }
}

/// What stands in each element of a name, in an answer of S3.
pub(crate) fn texts(xml: &str, name: &str) -> Vec<String> {
    let (start, end) = (format!("<{name}>"), format!("</{name}>"));
    xml.split(&start).skip(1).filter_map(|rest| Some(rest.split_once(&end)?.0.to_owned())).collect()
}
