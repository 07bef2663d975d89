//! A headless Chromium with pages of a running `watchkeeper` in it, driven through `bridge.mjs`.
//!
//! Selectors are Playwright's: CSS, `text=…`, `role=button[name="…"]`. Whatever is done to an element waits until that is
//! there. A page that was dropped has complained of nothing: no error or warning in its console, nothing refused by the
//! content policy, nothing asked of another server.

use std::{
    cell::RefCell,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    thread,
    time::Duration,
};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Watchkeeper, eventually, programs};

const BRIDGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/pages/bridge.mjs");
const END: Duration = Duration::from_secs(20);

/// A running browser; ended when dropped.
pub(super) struct Browser {
    bridge: Child,
    pipes: RefCell<Option<Pipes>>,
    _folder: TempDir,
}

struct Pipes {
    commands: ChildStdin,
    answers: BufReader<ChildStdout>,
}

/// What a reader's browser is like.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    /// The colours that its system is set to: `light` or `dark`.
    pub(super) scheme: &'static str,
    /// Its window, in CSS pixels.
    pub(super) width: u32,
    pub(super) height: u32,
    /// Whether it runs scripts.
    pub(super) script: bool,
}

/// A laptop.
pub(super) const USUAL: Look = Look { scheme: "light", width: 1280, height: 800, script: true };
/// A narrow phone.
pub(super) const PHONE: Look = Look { width: 360, height: 740, ..USUAL };

/// A page in cookies and a window of its own.
pub(super) struct Page<'a> {
    browser: &'a Browser,
    number: u64,
    forgiven: RefCell<Vec<&'static str>>,
}

/// What assistive technology is told of a part of a page.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) role: String,
    pub(super) name: String,
    /// Of a heading.
    pub(super) level: Option<u64>,
}

impl Browser {
    pub(super) fn start(watchkeeper: &Watchkeeper) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let mut node = Command::new("node");
        node.arg(BRIDGE).env("WATCHKEEPER_CHROMIUM", programs::chromium());
        node.env("WATCHKEEPER_PLAYWRIGHT", programs::playwright()).env("WATCHKEEPER_PAGES", watchkeeper.url());
        node.env("TMPDIR", folder.path()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut bridge = node.spawn().unwrap_or_else(|error| panic!("can't start node: {error}"));
        let commands = bridge.stdin.take().expect("a pipe");
        let answers = BufReader::new(bridge.stdout.take().expect("a pipe"));
        Self { bridge, pipes: RefCell::new(Some(Pipes { commands, answers })), _folder: folder }
    }

    /// An empty page, of a reader who is known to nobody yet.
    #[track_caller]
    pub(super) fn page(&self, look: Look) -> Page<'_> {
        let Look { scheme, width, height, script } = look;
        let look = json!({"command": "page", "scheme": scheme, "width": width, "height": height, "script": script});
        let number = self.command(&look).expect("a browser opens pages");
        Page { browser: self, number: number.as_u64().expect("a number"), forgiven: RefCell::default() }
    }

    fn command(&self, command: &Value) -> Result<Value, String> {
        let mut pipes = self.pipes.borrow_mut();
        let pipes = pipes.as_mut().ok_or("the browser has ended")?;
        writeln!(pipes.commands, "{command}").map_err(|error| error.to_string())?;
        let mut line = String::new();
        pipes.answers.read_line(&mut line).map_err(|error| error.to_string())?;
        let mut answer: Value = serde_json::from_str(&line).map_err(|error| format!("{error}: {line:?}"))?;
        match answer.get("error").and_then(Value::as_str) {
            Some(error) => Err(error.to_owned()),
            None => Ok(answer["value"].take()),
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The end of its input is the bridge's end, and that the browser's.
        self.pipes.take();
        if !thread::panicking() {
            eventually("the browser's end", END, || self.bridge.try_wait().expect("it is ours"));
        }
        // Both fail only for a program that has ended.
        let _ = self.bridge.kill();
        let _ = self.bridge.wait();
    }
}

impl Page<'_> {
    /// Opens a path of `watchkeeper`, and returns the status.
    #[track_caller]
    pub(super) fn go(&self, path: &str) -> u64 {
        self.does("go", json!({"path": path})).as_u64().expect("a status")
    }

    #[track_caller]
    pub(super) fn click(&self, on: &str) {
        self.does("click", json!({"on": on}));
    }

    #[track_caller]
    pub(super) fn fill(&self, on: &str, text: &str) {
        self.does("fill", json!({"on": on, "text": text}));
    }

    #[track_caller]
    pub(super) fn focus(&self, on: &str) {
        self.does("focus", json!({"on": on}));
    }

    /// Presses a key such as `Tab` or `Enter`.
    #[track_caller]
    pub(super) fn press(&self, key: &str) {
        self.does("press", json!({"key": key}));
    }

    /// Waits until an element can be seen.
    #[track_caller]
    pub(super) fn see(&self, on: &str) {
        self.does("see", json!({"on": on}));
    }

    /// Waits until no such element can be seen.
    #[track_caller]
    pub(super) fn miss(&self, on: &str) {
        self.does("miss", json!({"on": on}));
    }

    /// The texts of all such elements now, as they are laid out.
    #[track_caller]
    pub(super) fn texts(&self, on: &str) -> Vec<String> {
        serde_json::from_value(self.does("texts", json!({"on": on}))).expect("texts")
    }

    /// The text of the only such element.
    #[track_caller]
    pub(super) fn text(&self, on: &str) -> String {
        self.see(on);
        let mut texts = self.texts(on);
        assert_eq!(texts.len(), 1, "{on} is not one: {texts:?}");
        texts.remove(0)
    }

    /// Where it is.
    #[track_caller]
    pub(super) fn path(&self) -> String {
        self.does("path", json!({})).as_str().expect("a path").to_owned()
    }

    /// What a function of `probes.mjs` measures.
    #[track_caller]
    pub(super) fn probe(&self, name: &str, argument: Value) -> Value {
        self.does("probe", json!({"name": name, "argument": argument}))
    }

    /// The accessibility tree, in the order of the page.
    #[track_caller]
    pub(super) fn parts(&self) -> Vec<Part> {
        let parts = self.does("accessibility", json!({}));
        let text = |part: &Value, key: &str| part[key].as_str().unwrap_or_default().to_owned();
        let part =
            |part: &Value| Part { role: text(part, "role"), name: text(part, "name"), level: part["level"].as_u64() };
        parts.as_array().expect("a list").iter().map(part).collect()
    }

    /// Writes what it looks like as PNG: the window, or the whole page.
    #[track_caller]
    pub(super) fn picture(&self, file: &Path, whole: bool) {
        self.does("picture", json!({"file": file, "whole": whole}));
    }

    /// Lets complaints pass that hold these words: what a test brings about on purpose.
    pub(super) fn forgive(&self, words: &'static str) {
        self.forgiven.borrow_mut().push(words);
    }

    #[track_caller]
    fn does(&self, command: &str, mut arguments: Value) -> Value {
        arguments["command"] = command.into();
        arguments["page"] = self.number.into();
        let answer = self.browser.command(&arguments);
        answer.unwrap_or_else(|error| panic!("{arguments}: {error}\nit shows:\n{}", self.shown()))
    }

    fn shown(&self) -> String {
        let texts = self.browser.command(&json!({"command": "texts", "page": self.number, "on": "body"}));
        texts.map_or_else(|error| error, |texts| texts[0].as_str().unwrap_or_default().to_owned())
    }
}

impl Drop for Page<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            return;
        }
        let complaints = self.browser.command(&json!({"command": "complaints", "page": self.number}));
        let complaints: Vec<String> = serde_json::from_value(complaints.expect("a list")).expect("texts");
        let forgiven = self.forgiven.borrow();
        let hard = |complaint: &&String| !forgiven.iter().any(|words| complaint.contains(words));
        let complaints: Vec<_> = complaints.iter().filter(hard).collect();
        assert!(complaints.is_empty(), "the page complained: {complaints:#?}");
    }
}
