//! The test host in front of the stand-in.

use std::{cell::RefCell, rc::Rc};

use watchkeeper_sdk::{
    chain,
    http::{Error, Response},
    log::Level,
    serde_json::{self, Value, json},
    testing::{Host, Run},
};

use super::model::{ACCOUNT, Model, Permission, Submission, namespace};

pub(super) const NAMESPACE: &[u8] = b"rollup-one";

pub(super) struct Fake {
    pub(super) model: Rc<RefCell<Model>>,
    host: Host,
    pub(super) config: Value,
    /// What the token that the host attaches may do; none without one.
    permission: Rc<RefCell<Permission>>,
    /// The methods that the grants don't name.
    denied: Rc<RefCell<Vec<&'static str>>>,
}

impl Fake {
    /// A node with blocks up to a height, watched with an admin token.
    pub(super) fn new(height: u64) -> Self {
        let model = Rc::new(RefCell::new(Model::new(height)));
        let config = json!({
            "url": "http://node/", "network": "private",
            "namespaces": { "rollup": hex(&namespace(NAMESPACE)) }, "signers": { "batcher": ACCOUNT },
            "start_height": height + 1,
        });
        let permission = Rc::new(RefCell::new(Permission::Admin));
        let denied: Rc<RefCell<Vec<&'static str>>> = Rc::default();
        let host = Host::new(|_, _, _| Err(chain::Error::Unavailable("no chains here".into()))).http({
            let (model, permission, denied) = (Rc::clone(&model), Rc::clone(&permission), Rc::clone(&denied));
            move |request| {
                assert_eq!((&*request.method, &*request.url), ("POST", "http://node/"));
                let call: Value = serde_json::from_slice(&request.body).unwrap();
                let method = call["method"].as_str().unwrap();
                if denied.borrow().contains(&method) {
                    return Err(Error::Denied(format!("`{method}` is not granted")));
                }
                let answer = model.borrow_mut().call(*permission.borrow(), method, &call["params"]);
                let (status, body) = answer.into_http(&call["id"]);
                Ok(Response { status, headers: Vec::new(), body: body.into() })
            }
        });
        Self { model, host, config, permission, denied }
    }

    pub(super) fn permit(&self, permission: Permission) {
        *self.permission.borrow_mut() = permission;
    }

    pub(super) fn deny(&self, methods: &[&'static str]) {
        *self.denied.borrow_mut() = methods.to_vec();
    }

    pub(super) fn run(&self) -> Run {
        self.host.run(crate::run, self.config.clone())
    }

    /// Makes a block with submissions of so many bytes each by the watched signer.
    pub(super) fn submit(&self, sizes: &[u32]) -> u64 {
        self.model.borrow_mut().produce(sizes.iter().map(|size| submission(*size)).collect())
    }

    /// Makes so many blocks with one submission each.
    pub(super) fn submit_each(&self, blocks: u64, size: u32) {
        for _ in 0..blocks {
            self.submit(&[size]);
        }
    }
}

/// What the stand-in answers to a caller who may read.
pub(super) fn result(model: &mut Model, method: &str, params: &Value) -> Value {
    let (status, body) = model.call(Permission::Read, method, params).into_http(&json!(1));
    assert_eq!(status, 200, "{body}");
    serde_json::from_str::<Value>(&body).unwrap()["result"].take()
}

/// One blob for a fee of 0.002 TIA.
pub(super) fn submission(size: u32) -> Submission {
    Submission { signer: ACCOUNT.into(), blobs: vec![(namespace(NAMESPACE), size)], fee: 2_000, gas: 80_000 }
}

pub(super) fn lines(run: &Run, level: Level) -> Vec<&str> {
    run.logs.iter().filter(|(of, _)| *of == level).map(|(_, line)| line.as_str()).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
