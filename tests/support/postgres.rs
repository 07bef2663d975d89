//! A real PostgreSQL of a test's own, with passwords that count: a cluster in a temporary folder, on a free loopback port.
//!
//! The server refuses to run as root, so root starts it as `postgres`, or else as `nobody`.

use std::{
    ffi::OsString,
    fs,
    os::unix::fs::{PermissionsExt, chown},
    path::{Path, PathBuf},
    process::{Command, Output},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use super::{
    eventually,
    ports::free_ports,
    process::{Process, Signal},
    programs,
};

const PATIENCE: Duration = Duration::from_secs(60);
const GLANCE: Duration = Duration::from_millis(20);
/// More starts than these that fail aren't bad luck with a port.
const TRIES: u32 = 5;

/// A cluster, and its server unless it was killed.
pub(crate) struct Postgres {
    server: Option<Process>,
    folder: TempDir,
    port: u16,
}

impl Postgres {
    /// The superuser.
    pub(crate) const USER: &str = "postgres";
    /// Its password.
    pub(crate) const PASSWORD: &str = "battery staple";

    /// Makes a new cluster and starts its server.
    pub(crate) fn start() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        make_cluster(folder.path());
        for _ in 0..TRIES {
            let port = free_ports(&[]);
            if let Ok(server) = serve(folder.path(), port) {
                return Self { server: Some(server), folder, port };
            }
        }
        panic!("PostgreSQL started on none of {TRIES} ports");
    }

    /// Where it listens on 127.0.0.1.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// What a client needs in its environment to get in as the superuser.
    pub(crate) fn environment(&self) -> [(&'static str, String); 4] {
        let text = str::to_owned;
        [
            ("PGHOST", text("127.0.0.1")),
            ("PGPORT", self.port.to_string()),
            ("PGUSER", text(Self::USER)),
            ("PGPASSWORD", text(Self::PASSWORD)),
        ]
    }

    /// Runs one of PostgreSQL's programs to its end, with that environment.
    pub(crate) fn run(&self, program: &str, arguments: &[&str]) -> Output {
        let mut command = Command::new(programs::postgres(program));
        command.envs(self.environment()).env("PGPASSFILE", "/dev/null").env("LC_ALL", "C").args(arguments);
        command.output().unwrap_or_else(|error| panic!("can't run {program}: {error}"))
    }

    /// Runs statements in a database.
    #[track_caller]
    pub(crate) fn sql(&self, database: &str, statements: &str) {
        self.query(database, statements);
    }

    /// What a query in a database gives: a line for each row, columns with `|` between them.
    #[track_caller]
    pub(crate) fn query(&self, database: &str, query: &str) -> String {
        let options = ["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1"];
        let output = self.run("psql", &[&options[..], &["--dbname", database, "--command", query]].concat());
        assert!(output.status.success(), "{query}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("psql writes UTF-8").trim_end().to_owned()
    }

    /// Creates an empty database.
    #[track_caller]
    pub(crate) fn create_database(&self, name: &str) {
        self.sql("postgres", &format!("CREATE DATABASE {name}"));
    }

    /// Kills the server (SIGKILL): connections break in the middle, and are refused from now on.
    pub(crate) fn kill(&mut self) {
        if let Some(mut server) = self.server.take() {
            server.signal(Signal::KILL);
            server.wait(PATIENCE);
        }
    }

    /// Starts the server of the same cluster again, on the same port.
    pub(crate) fn restart(&mut self) {
        self.kill();
        // Processes of the old one may still be about to notice that it is gone.
        self.server =
            Some(eventually("PostgreSQL to start again", PATIENCE, || serve(self.folder.path(), self.port).ok()));
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let Some(server) = &mut self.server else { return forget_memory(self.folder.path()) };
        // An immediate shutdown, which leaves nothing behind. Never a panic: the test may be in the middle of one.
        if server.ended().is_none() {
            server.signal(Signal::QUIT);
        }
        let start = Instant::now();
        while server.ended().is_none() && start.elapsed() < PATIENCE {
            thread::sleep(GLANCE);
        }
    }
}

fn make_cluster(folder: &Path) {
    let (data, password) = (data(folder), folder.join("password"));
    fs::create_dir(&data).expect("space on the disk");
    fs::write(&password, Postgres::PASSWORD).expect("space on the disk");
    if let Some((user, group)) = other_user() {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).expect("our folder");
        chown(&data, Some(user), Some(group)).expect("root may");
    }
    let [program, arguments @ ..] = &unprivileged(&programs::postgres("initdb"))[..] else { unreachable!() };
    let mut initdb = Command::new(program);
    initdb.args(arguments).args(["--no-sync", "--no-instructions", "--encoding=UTF8", "--locale=C"]);
    initdb.args(["--auth=scram-sha-256", "--username", Postgres::USER]);
    initdb.arg("--pwfile").arg(password).arg("--pgdata").arg(data);
    let output = initdb.output().expect("initdb can be run");
    assert!(output.status.success(), "initdb: {}", String::from_utf8_lossy(&output.stderr));
}

/// Starts the server and waits until it takes connections; otherwise gives what it said.
fn serve(folder: &Path, port: u16) -> Result<Process, String> {
    // The signal that ties a process to its parent's end is lost where the user changes: it is set again after that.
    let mut call = unprivileged("setpriv".as_ref());
    call.extend(["--pdeathsig", "KILL", "--"].map(OsString::from));
    call.extend([programs::postgres("postgres").into(), "-D".into(), data(folder).into()]);
    let settings = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off", "shared_buffers=16MB"];
    for setting in settings.map(str::to_owned).into_iter().chain([format!("port={port}")]) {
        call.extend(["-c".into(), setting.into()]);
    }
    let [program, arguments @ ..] = &call[..] else { unreachable!() };
    let mut server = Process::start("postgres", program, arguments);
    let is_ready = eventually("PostgreSQL to start", PATIENCE, || {
        let ready = server.output().contains("database system is ready to accept connections");
        (ready || server.ended().is_some()).then_some(ready)
    });
    if is_ready { Ok(server) } else { Err(server.output()) }
}

/// A call of a program as a user that PostgreSQL accepts, in a folder that every user may look at.
fn unprivileged(program: &Path) -> Vec<OsString> {
    let mut call = Vec::new();
    if let Some((user, group)) = other_user() {
        call.extend([OsString::from("setpriv"), format!("--reuid={user}").into(), format!("--regid={group}").into()]);
        call.extend(["--clear-groups", "--"].map(OsString::from));
    }
    call.extend(["env", "--chdir", "/"].map(OsString::from));
    call.push(program.into());
    call
}

/// The user and group to be in root's place; none if this isn't root.
fn other_user() -> Option<(u32, u32)> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").expect("a list of users");
    let find = |name: &str| {
        let fields = users.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        let mut numbers = fields.split(':').skip(1).map(str::parse);
        Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
    };
    Some(find("postgres").or_else(|| find("nobody")).expect("an unprivileged user"))
}

fn data(folder: &Path) -> PathBuf {
    folder.join("data")
}

/// Frees the shared memory that a killed server left behind: its number is in the seventh line of its pid file.
fn forget_memory(folder: &Path) {
    let lines = fs::read_to_string(data(folder).join("postmaster.pid")).unwrap_or_default();
    if let Some(id) = lines.lines().nth(6).and_then(|line| line.split_whitespace().nth(1)) {
        // It is gone already where another server has cleaned up.
        let _ = Command::new("ipcrm").args(["--shmem-id", id]).output();
    }
}
