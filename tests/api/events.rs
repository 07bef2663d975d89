//! The stream of changes, as a browser or `logs -f` reads it.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpStream,
    sync::mpsc::{self, Receiver},
    thread,
};

use serde_json::{Value, json};

use super::{PATIENCE, document::Document};
use crate::support::{Watchkeeper, eventually, teller_deployment, teller_job};

/// A reader of the stream.
struct Stream(Receiver<Value>);

impl Stream {
    /// Begins to read; what changes from now on comes.
    fn open(watchkeeper: &Watchkeeper) -> Self {
        let address = watchkeeper.address();
        let mut stream = TcpStream::connect(address).expect("it listens");
        let head = format!("GET /api/v1/events HTTP/1.1\r\nHost: {address}\r\nAccept: text/event-stream\r\n\r\n");
        stream.write_all(head.as_bytes()).expect("it reads");
        let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
        assert_eq!(lines.next().as_deref(), Some("HTTP/1.1 200 OK"));
        assert!(lines.any(|line| line == "retry: 5000"), "the stream begins");
        let (events, received) = mpsc::channel();
        thread::spawn(move || {
            let mut name = String::new();
            for line in lines {
                if let Some(said) = line.strip_prefix("event: ") {
                    name = said.to_owned();
                } else if let Some(data) = line.strip_prefix("data: ") {
                    let event: Value = serde_json::from_str(data).expect("an event is JSON");
                    assert_eq!(event["event"], name, "its name is that of its data");
                    if events.send(event).is_err() {
                        return;
                    }
                }
            }
        });
        Self(received)
    }

    /// The next event that is such a one.
    #[track_caller]
    fn next(&self, what: &str, is: impl Fn(&Value) -> bool) -> Value {
        eventually(what, PATIENCE, || self.0.try_iter().find(|event| is(event)))
    }

    /// Whether the server has ended it.
    fn has_ended(&self) -> bool {
        self.0.try_iter().for_each(drop);
        matches!(self.0.try_recv(), Err(mpsc::TryRecvError::Disconnected))
    }
}

#[test]
fn the_stream_tells_of_runs_pauses_and_reloads_and_ends_with_the_process() {
    let deployment = teller_deployment();
    deployment.job("hourly", &teller_job("every = \"1h\"", "message = \"done\"", ""));
    let mut watchkeeper = Watchkeeper::start(&deployment);
    eventually("it to be ready", PATIENCE, || (watchkeeper.get("/-/ready", &[]).status == 200).then_some(()));
    let document = Document::of(&watchkeeper);
    let stream = Stream::open(&watchkeeper);
    let next = |what: &str, is: &dyn Fn(&Value) -> bool| {
        let event = stream.next(what, is);
        document.check_event(&event);
        event
    };

    assert_eq!(watchkeeper.post("jobs/hourly/run", &json!({})).status, 202);
    let started = next("the run to begin", &|event| event["event"] == "run_started");
    assert_eq!((&started["run"]["job"], &started["run"]["outcome"]), (&json!("hourly"), &Value::Null));
    let finished = next("the run to end", &|event| event["event"] == "run_finished");
    assert_eq!(finished["run"]["id"], started["run"]["id"]);
    assert_eq!((&finished["run"]["outcome"], &finished["run"]["message"]), (&json!("success"), &json!("done")));

    assert_eq!(watchkeeper.post("jobs/hourly/pause", &json!({})).status, 200);
    let changed = next("the pause", &|event| event["event"] == "job_changed");
    assert_eq!(changed["job"], "hourly");
    assert_eq!(watchkeeper.api("jobs/hourly")["job"]["state"], "paused", "who asks then sees it");

    deployment.job("broken", "plugin = 1\n");
    assert_eq!(watchkeeper.act("/-/reload", &[]).status, 500);
    next("a reload with a problem", &|event| event["event"] == "reloaded" && event["ok"] == false);
    deployment.remove_job("broken");
    assert_eq!(watchkeeper.act("/-/reload", &[]).status, 200);
    next("a reload without one", &|event| event["event"] == "reloaded" && event["ok"] == true);

    deployment.job("new", &teller_job("every = \"1h\"", "message = \"\"", ""));
    next("the new job", &|event| event["event"] == "job_changed" && event["job"] == "new");

    assert_eq!(watchkeeper.end(), Some(0), "a reader doesn't hold the end up");
    eventually("the stream's end", PATIENCE, || stream.has_ended().then_some(()));
}
