//! A Prometheus that is made up: its snapshot API, its folder of snapshots, and the command that removes them. What it answers has the
//! shapes of Prometheus' documentation ("TSDB Admin APIs" in docs/querying/api.md).

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use watchkeeper_sdk::{
    artifacts::Artifact,
    command::Exit,
    files::{self, Packed},
    http::{self, Response},
    serde_json::{Value, json},
    testing::{Clock, Host, Packing, Ran, Run, Store, Tree},
};

pub(super) const SNAPSHOT: &str = "20231114T221320Z-4ddb8b1ab1b7de7e";
const BLOCKS: [&str; 2] = ["01HF4ZJ1V0Q8W7E6R5T4Y3X2Z1", "01HF4ZJ1V0Q8W7E6R5T4Y3X2Z2"];

pub(super) struct World {
    pub(super) server: Rc<RefCell<Server>>,
    host: Host,
}

/// What Prometheus does, and what lies in its folder.
pub(super) struct Server {
    /// The answer to the next requests.
    pub(super) answer: Result<(u16, Value), http::Error>,
    /// The files of blocks in a snapshot that is made, by block.
    pub(super) blocks: BTreeMap<String, Vec<String>>,
    /// What packing comes to.
    pub(super) packing: Packing,
    /// Whether there is the folder of snapshots.
    pub(super) folder: bool,
    /// Whether what is made lies in another folder.
    pub(super) elsewhere: bool,
    /// Snapshots in the folder.
    pub(super) snapshots: BTreeMap<String, BTreeMap<String, Vec<String>>>,
    /// How the command ends.
    pub(super) removal: Exit,
    /// URLs that were asked for by POST.
    pub(super) asked: Vec<String>,
    /// Snapshots that the command was to remove.
    pub(super) removed: Vec<String>,
}

impl World {
    pub(super) fn new() -> Self {
        let files = ["chunks", "index", "meta.json", "tombstones"].map(str::to_owned).to_vec();
        let server = Rc::new(RefCell::new(Server {
            answer: Ok((200, json!({ "status": "success", "data": { "name": SNAPSHOT } }))),
            blocks: BLOCKS.iter().map(|block| ((*block).to_owned(), files.clone())).collect(),
            packing: Packing { tar: vec![7; 9_000], ended: Ok(Packed { files: 8, bytes: 8_000, ..Packed::default() }) },
            folder: true,
            elsewhere: false,
            snapshots: BTreeMap::new(),
            removal: Exit::Code(0),
            asked: Vec::new(),
            removed: Vec::new(),
        }));
        let tree = {
            let (packs, lists) = (Rc::clone(&server), Rc::clone(&server));
            Tree::new(move |folder| packs.borrow().pack(folder)).lists(move |folder| lists.borrow().entries(folder))
        };
        let host = Host::new(|_, method, _| panic!("{method}")).tree("snapshots", tree);
        let host = host.command("remove_prometheus_snapshot", {
            let server = Rc::clone(&server);
            move |holes, _| Ok(server.borrow_mut().remove(holes))
        });
        let host = host.http({
            let server = Rc::clone(&server);
            move |request| server.borrow_mut().post(request)
        });
        Self { server, host }
    }

    pub(super) fn run(&self, config: &Value) -> Run {
        let mut whole = json!({ "url": "http://127.0.0.1:9090/", "tree": "snapshots" });
        whole.as_object_mut().unwrap().extend(config.as_object().unwrap().clone());
        self.host.run(crate::run, whole)
    }

    pub(super) fn store(&self) -> Store {
        self.host.store()
    }

    pub(super) fn clock(&self) -> Clock {
        self.host.clock()
    }

    /// The one artifact that there is.
    pub(super) fn artifact(&self) -> Artifact {
        let [artifact] = self.store().artifacts().try_into().unwrap();
        artifact
    }

    /// A snapshot that lies there already.
    pub(super) fn holds(&self, snapshot: &str) {
        self.server.borrow_mut().snapshots.insert(snapshot.to_owned(), BTreeMap::new());
    }

    pub(super) fn removed(&self) -> Vec<String> {
        self.server.borrow().removed.clone()
    }
}

impl Server {
    fn post(&mut self, request: &http::Request) -> Result<Response, http::Error> {
        assert_eq!(request.method, "POST");
        self.asked.push(request.url.clone());
        let (status, body) = self.answer.clone()?;
        if let Some(name) = body["data"]["name"].as_str().filter(|_| !self.elsewhere) {
            self.folder = true;
            self.snapshots.insert(name.to_owned(), self.blocks.clone());
        }
        Ok(Response { status, headers: Vec::new(), body: body.to_string().into_bytes() })
    }

    fn entries(&self, folder: &str) -> Result<Vec<String>, files::Error> {
        let missing = || files::Error::NotFound(format!("folder {folder:?}"));
        let mut parts = folder.split('/').filter(|part| !part.is_empty());
        match (parts.next(), parts.next()) {
            (None, _) if self.folder => Ok(self.snapshots.keys().cloned().collect()),
            (None, _) => Err(missing()),
            (Some(snapshot), block) => {
                let blocks = self.snapshots.get(snapshot).ok_or_else(missing)?;
                match block {
                    None => Ok(blocks.keys().cloned().collect()),
                    Some(block) => blocks.get(block).cloned().ok_or_else(missing),
                }
            }
        }
    }

    fn pack(&self, folder: &str) -> Result<Packing, files::Error> {
        assert!(self.snapshots.contains_key(folder), "{folder}");
        Ok(self.packing.clone())
    }

    fn remove(&mut self, holes: &[(String, String)]) -> Ran {
        let [(hole, snapshot)] = holes else { panic!("{holes:?}") };
        assert_eq!(hole, "snapshot");
        self.removed.push(snapshot.clone());
        match self.removal.clone() {
            Exit::Code(0) if self.snapshots.remove(snapshot).is_some() => Ran::well(""),
            Exit::Code(0) => Ran::badly("", Exit::Code(1), "rm: cannot remove: No such file or directory"),
            exit => Ran::badly("", exit, "rm: cannot remove: Permission denied"),
        }
    }
}
