//! The methods, what each needs and how it fails. Permissions: the `perm` tags of celestia-node's `nodebuilder/*/*.go`; a caller
//! without a token has only `public` (`api/rpc/perms/permissions.go`).

use serde_json::{Value, json};

use super::{Block, Model, Wrong, encoding::PAY_FOR_BLOB, shapes};

/// What a token may, each more than the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Permission {
    Public,
    Read,
    Write,
    Admin,
}

/// What goes back over HTTP.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Answer {
    Result(Value),
    /// An error of the node's own. go-jsonrpc answers status 200 for those that a method returns, and 500 for those of its own
    /// (`server.go`, `rpcError`).
    Error {
        status: u16,
        code: i64,
        message: String,
    },
    /// Something in place of JSON-RPC.
    Http {
        status: u16,
        body: String,
    },
}

/// Method, permission, number of parameters.
const METHODS: [(&str, Permission, usize); 22] = [
    ("header.LocalHead", Permission::Read, 0),
    ("header.NetworkHead", Permission::Read, 0),
    ("header.Tail", Permission::Read, 0),
    ("header.SyncState", Permission::Read, 0),
    ("header.GetByHeight", Permission::Read, 1),
    ("das.SamplingStats", Permission::Read, 0),
    ("state.AccountAddress", Permission::Read, 0),
    ("state.Balance", Permission::Read, 0),
    ("state.BalanceForAddress", Permission::Read, 1),
    ("state.Transfer", Permission::Write, 3),
    ("state.SubmitPayForBlob", Permission::Write, 2),
    ("blob.Submit", Permission::Write, 2),
    ("share.GetNamespaceData", Permission::Read, 2),
    ("node.Ready", Permission::Read, 0),
    ("node.Info", Permission::Admin, 0),
    ("node.AuthNew", Permission::Admin, 1),
    ("node.AuthVerify", Permission::Admin, 1),
    ("node.LogLevelSet", Permission::Admin, 2),
    ("p2p.Peers", Permission::Admin, 0),
    ("p2p.BandwidthStats", Permission::Admin, 0),
    ("p2p.Connect", Permission::Admin, 1),
    ("p2p.BlockPeer", Permission::Admin, 1),
];

impl Model {
    /// Answers a call by somebody with a permission, and remembers it.
    pub(crate) fn call(&mut self, permission: Permission, method: &str, params: &Value) -> Answer {
        self.calls.push(method.to_owned());
        match self.wrong.get(method) {
            Some(Wrong::Result(result)) => return Answer::Result(result.clone()),
            Some(Wrong::Error(message)) => return failed(message.clone()),
            Some(Wrong::Lacks) => return Answer::lacks(method),
            Some(Wrong::Http(status, body)) => return Answer::Http { status: *status, body: (*body).to_owned() },
            None => {}
        }
        let Some((_, needed, count)) = METHODS.iter().find(|(known, ..)| *known == method) else {
            return Answer::lacks(method);
        };
        let given = params.as_array().map_or(0, Vec::len);
        if given != *count {
            let message = format!("wrong param count (method '{method}'): {given} != {count}");
            return Answer::Error { status: 500, code: -32602, message };
        }
        if permission < *needed {
            let name = method.split('.').next_back().unwrap_or(method);
            let needed = format!("{needed:?}").to_lowercase();
            // go-jsonrpc, `auth/auth.go`, `PermissionedProxy`: without the module's name.
            return failed(format!("missing permission to invoke '{name}' (need '{needed}')"));
        }
        self.answer(method, params)
    }

    fn answer(&self, method: &str, params: &Value) -> Answer {
        match method {
            "header.LocalHead" => self.found(self.local_head()),
            "header.NetworkHead" => self.found(self.network_head()),
            "header.Tail" => self.found(self.tail),
            "header.SyncState" => Answer::Result(shapes::sync_state(self)),
            "header.GetByHeight" => match params[0].as_u64() {
                Some(height) => self.by_height(height),
                None => unreadable(method),
            },
            "das.SamplingStats" => Answer::Result(shapes::sampling_stats(self)),
            "state.AccountAddress" => Answer::Result(json!(self.account)),
            "state.Balance" => self.balance(&self.account),
            "state.BalanceForAddress" => self.balance(params[0].as_str().unwrap_or_default()),
            "share.GetNamespaceData" => match (params[0].as_u64(), params[1].as_str()) {
                (Some(height), Some(namespace)) if namespace == shapes::base64(&PAY_FOR_BLOB) => self.payments(height),
                _ => unreadable(method),
            },
            "node.Ready" => Answer::Result(json!(self.ready)),
            "node.Info" => Answer::Result(json!({ "type": self.kind.0, "api_version": self.kind.1 })),
            "p2p.Peers" => Answer::Result(json!(self.peers)),
            "p2p.BandwidthStats" => Answer::Result(shapes::bandwidth(self)),
            // What nobody here may ever call: it is answered, so that a call is seen and does harm.
            _ => Answer::Result(json!("done")),
        }
    }

    fn found(&self, height: u64) -> Answer {
        self.block(height).map_or_else(|| failed("header/store: store is empty"), |block| self.header_of(block))
    }

    fn header_of(&self, block: &Block) -> Answer {
        Answer::Result(shapes::header(self, block))
    }

    /// `nodebuilder/header/service.go`, `GetByHeight`.
    fn by_height(&self, height: u64) -> Answer {
        let (network, local, tail) = (self.network_head(), self.local_head(), self.tail);
        match height {
            0 => failed("height is equal to 0"),
            _ if height == network => self.found(height),
            _ if height > network + 1 => failed(format!(
                "header: given height is from the future: networkHeight: {network}, requestedHeight: {height}"
            )),
            _ if height < tail => failed(format!("requested header ({height}) is below Tail ({tail})")),
            _ if height > local + 1 => {
                failed(format!("header: syncing in progress: localHeadHeight: {local}, requestedHeight: {height}"))
            }
            _ if height > local => failed("header: not found"),
            _ => self.found(height),
        }
    }

    /// `state/core_access.go`: an account that was never used has 0.
    fn balance(&self, address: &str) -> Answer {
        match address.starts_with("celestia1") {
            true => Answer::Result(shapes::coin(self.balances.get(address).copied().unwrap_or(0))),
            false => unreadable("state.BalanceForAddress"),
        }
    }

    fn payments(&self, height: u64) -> Answer {
        match self.by_height(height) {
            Answer::Result(_) => {}
            error => return error,
        }
        self.block(height).map_or_else(
            || failed("header: not found"),
            |block| Answer::Result(shapes::namespace_data(&block.submissions)),
        )
    }
}

impl Answer {
    /// Status and body: either `result`, which may be null, or `error` (go-jsonrpc, `response.go`).
    pub(crate) fn into_http(self, id: &Value) -> (u16, String) {
        match self {
            Self::Result(result) => (200, json!({ "jsonrpc": "2.0", "id": id, "result": result }).to_string()),
            Self::Error { status, code, message } => {
                let error = json!({ "code": code, "message": message });
                (status, json!({ "jsonrpc": "2.0", "id": id, "error": error }).to_string())
            }
            Self::Http { status, body } => (status, body),
        }
    }

    /// go-jsonrpc, `handler.go`.
    fn lacks(method: &str) -> Self {
        Self::Error { status: 500, code: -32601, message: format!("method '{method}' not found") }
    }
}

/// go-jsonrpc, `handler.go`, `createError`: the code of an error that has no own.
fn failed(message: impl Into<String>) -> Answer {
    Answer::Error { status: 200, code: 1, message: message.into() }
}

fn unreadable(method: &str) -> Answer {
    let message = format!("unmarshaling params for '{method}' (param: *uint64): json: cannot unmarshal");
    Answer::Error { status: 500, code: -32700, message }
}
