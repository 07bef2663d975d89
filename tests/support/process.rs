//! A running program whose lines are kept, and which ends when its handle is dropped.
//!
//! On Linux it also ends with the *thread* that started it, even if the tests are killed: a handle must not outlive
//! the thread of the test that made it.

use std::{
    ffi::OsStr,
    io::{BufRead, BufReader, Read},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex},
    thread::{self, JoinHandle},
    time::Duration,
};

pub(crate) use rustix::process::Signal;
use rustix::process::{Pid, kill_process};

use super::eventually;

/// A program that a test started.
pub(crate) struct Process {
    name: &'static str,
    child: Child,
    lines: Arc<Mutex<Vec<String>>>,
    readers: Vec<JoinHandle<()>>,
}

impl Process {
    /// Starts a program without a standard input.
    pub(crate) fn start<A: AsRef<OsStr>>(name: &'static str, program: &OsStr, arguments: &[A]) -> Self {
        Self::start_knowing(name, program, arguments, &[])
    }

    /// The same with further variables in its environment.
    pub(crate) fn start_knowing<A: AsRef<OsStr>>(
        name: &'static str,
        program: &OsStr,
        arguments: &[A],
        variables: &[(&str, &str)],
    ) -> Self {
        let mut command = tethered(program);
        command
            .envs(variables.iter().copied())
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("can't start {name}: {error}"));
        let lines = Arc::default();
        let stdout = child.stdout.take().map(|pipe| keep_lines(pipe, Arc::clone(&lines)));
        let stderr = child.stderr.take().map(|pipe| keep_lines(pipe, Arc::clone(&lines)));
        Self { name, child, lines, readers: stdout.into_iter().chain(stderr).collect() }
    }

    /// Waits for a line from which `read` makes a value.
    ///
    /// # Panics
    /// If the program ends first, or after `deadline`; shows all its lines.
    pub(crate) fn wait_for_line<T>(&mut self, deadline: Duration, read: impl Fn(&str) -> Option<T>) -> T {
        let name = self.name;
        eventually(&format!("a line of {name}"), deadline, || {
            let ended = self.child.try_wait().expect("the program is ours");
            let found = self.lines.lock().expect("no reader panics").iter().find_map(|line| read(line));
            assert!(found.is_some() || ended.is_none(), "{name} ended ({ended:?}):\n{}", self.output());
            found
        })
    }

    /// How it ended, once it has.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("the program is ours")
    }

    /// What it has written to stdout and stderr so far.
    pub(crate) fn output(&self) -> String {
        self.lines.lock().expect("no reader panics").join("\n")
    }

    /// Its number.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).expect("a process has a number");
        kill_process(pid, signal).unwrap_or_else(|error| panic!("can't signal {}: {error}", self.name));
    }

    /// Waits for its end, and for the last of its output.
    ///
    /// # Panics
    /// After `deadline`; shows all its lines.
    pub(crate) fn wait(&mut self, deadline: Duration) -> ExitStatus {
        let status = eventually(&format!("the end of {}", self.name), deadline, || {
            self.child.try_wait().expect("the program is ours")
        });
        for reader in self.readers.drain(..) {
            reader.join().expect("no reader panics");
        }
        status
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail only for a program that has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            eprintln!("--- {} said:\n{}\n---", self.name, self.output());
        }
    }
}

/// A call of a program that the kernel kills when the calling thread ends.
fn tethered(program: &OsStr) -> Command {
    if cfg!(not(target_os = "linux")) {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--"]).arg(program);
    command
}

fn keep_lines(pipe: impl Read + Send + 'static, lines: Arc<Mutex<Vec<String>>>) -> JoinHandle<()> {
    thread::spawn(move || {
        for line in BufReader::new(pipe).split(b'\n').map_while(Result::ok) {
            lines.lock().expect("no reader panics").push(String::from_utf8_lossy(&line).into_owned());
        }
    })
}
