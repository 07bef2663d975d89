//! A PostgreSQL of its own on a loopback port, with a table whose dump has about 1 GiB.

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(60);
/// Rows of about 170 bytes, of which zstd can take a third away: made from their numbers, so always the same.
const ROWS: u64 = 6_300_000;

/// A running server; ended when dropped.
pub(crate) struct Database {
    folder: TempDir,
    programs: PathBuf,
    port: u16,
}

impl Database {
    /// Starts a server with the database `bench`.
    ///
    /// # Errors
    /// There is no PostgreSQL on this machine, or it doesn't start.
    pub(crate) fn start() -> Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let this = Self { folder: TempDir::new()?, programs: programs()?, port };
        if rustix::process::geteuid().is_root() {
            run(Command::new("chown").arg("postgres").arg(this.folder.path()))?;
        }
        let data = this.data();
        run(this.server_program("initdb").args(["--auth=trust", "--username=postgres", "--no-sync", "-D"]).arg(&data))?;
        let options = format!(
            "-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off -c max_wal_size=8GB"
        );
        let log = data.with_file_name("log");
        run(this
            .server_program("pg_ctl")
            .args(["start", "-w", "-D"])
            .arg(&data)
            .arg("-l")
            .arg(log)
            .arg("-o")
            .arg(options))?;
        let begun = Instant::now();
        while this.sql("postgres", "SELECT 1").is_err() {
            if begun.elapsed() > PATIENCE {
                bail!("PostgreSQL does not answer within {PATIENCE:?}");
            }
            thread::sleep(Duration::from_millis(50));
        }
        this.sql("postgres", "CREATE DATABASE bench")?;
        this.sql(
            "bench",
            &format!(
                "CREATE UNLOGGED TABLE events AS SELECT i AS id, md5(i::text) AS hash, repeat(md5((i / 7)::text), 2) AS data, \
                 i::bigint * 7919 % 1000003 AS amount, 'event of kind ' || i % 97 AS note, now() AS at FROM generate_series(1, {ROWS}) AS i"
            ),
        )?;
        Ok(this)
    }

    /// What clients need in their environment.
    pub(crate) fn environment(&self) -> [(&'static str, String); 3] {
        [("PGHOST", "127.0.0.1".to_owned()), ("PGPORT", self.port.to_string()), ("PGUSER", "postgres".to_owned())]
    }

    /// The path of a client program.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.programs.join(name)
    }

    /// Runs a statement.
    ///
    /// # Errors
    /// It fails.
    pub(crate) fn sql(&self, database: &str, statement: &str) -> Result<()> {
        let mut psql = Command::new(self.program("psql"));
        run(psql.envs(self.environment()).args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", statement]))
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A program that refuses to run as root.
    fn server_program(&self, name: &str) -> Command {
        if !rustix::process::geteuid().is_root() {
            return Command::new(self.program(name));
        }
        let mut command = Command::new("setpriv");
        command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]).arg(self.program(name));
        command.current_dir("/");
        command
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let data = self.data();
        // A server that has ended already is as well.
        let _ended = run(self.server_program("pg_ctl").args(["stop", "-m", "immediate", "-D"]).arg(&data));
    }
}

/// The folder of the newest PostgreSQL.
fn programs() -> Result<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").context("there is no PostgreSQL in /usr/lib/postgresql")?;
    let folders =
        versions.flatten().map(|version| version.path().join("bin")).filter(|bin| bin.join("initdb").is_file());
    folders.max().context("there is no PostgreSQL server in /usr/lib/postgresql")
}

fn run(command: &mut Command) -> Result<()> {
    let program = Path::new(command.get_program()).display().to_string();
    let output = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).output();
    let output = output.with_context(|| format!("{program} does not start"))?;
    if !output.status.success() {
        bail!("{program} failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}
