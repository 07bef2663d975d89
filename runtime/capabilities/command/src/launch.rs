//! What a child does before it is the program: a child of its own kind, because between the start of a process and the program's first
//! instruction the process has to be in the ledger. It has one thread, and touches nothing but descriptors 0 to 2.

use std::{
    ffi::{CString, OsString},
    fs::{self, File},
    io::{self, ErrorKind, Read},
    os::{
        fd::{BorrowedFd, RawFd},
        unix::process::CommandExt,
    },
    path::Path,
    process::{Command, ExitCode},
};

use nix::unistd::{User, geteuid, initgroups, setgid, setuid};
use rustix::io::FdFlags;

/// The subcommand that has to lead to [`launch`], with `--folder FOLDER`, `--user USER` where there is one, and after `--` the program
/// and its arguments.
pub const SUBCOMMAND: &str = "launch-command";

/// Nobody gave the word to begin: the host is gone, or thought better of it.
const NO_GO: u8 = 125;
/// As shells have it: the program is there, or ought to be, and can't be run.
const CANT_RUN: u8 = 126;
/// As shells have it: there is no such program.
const NOT_FOUND: u8 = 127;

/// Waits for one byte on standard input, then becomes `command`, a program and its arguments, in `folder` and as `user`. Without that
/// byte it never does. Returns only if it doesn't become the program; standard error says why.
pub fn launch(folder: &Path, user: Option<&str>, command: &[OsString]) -> ExitCode {
    let Some((program, arguments)) = command.split_first() else {
        return told(CANT_RUN, "no program is named");
    };
    let program = Path::new(program);
    let prepared = keep_standard_descriptors_only().and_then(|()| go());
    match prepared {
        Ok(true) => {}
        Ok(false) => return NO_GO.into(),
        Err(error) => return told(CANT_RUN, &format!("{}: can't be prepared: {error}", program.display())),
    }
    if let Err(why) = user.map_or(Ok(()), become_user) {
        return told(CANT_RUN, &why);
    }
    if let Err(error) = std::env::set_current_dir(folder) {
        return told(CANT_RUN, &format!("{}: can't be its folder: {error}", folder.display()));
    }
    if !is_program(program) {
        return told(
            CANT_RUN,
            &format!("{}: can't be run: it is neither a binary nor begins with `#!`", program.display()),
        );
    }
    let error = Command::new(program).args(arguments).exec();
    let code = if error.kind() == ErrorKind::NotFound { NOT_FOUND } else { CANT_RUN };
    told(code, &format!("{}: can't be run: {error}", program.display()))
}

fn told(code: u8, why: &str) -> ExitCode {
    eprintln!("watchkeeper: {why}");
    code.into()
}

/// Whatever else the host's own parent left open ends where the program begins.
fn keep_standard_descriptors_only() -> io::Result<()> {
    let open: Vec<RawFd> = fs::read_dir("/proc/self/fd")?
        .map(|entry| Ok(entry?.file_name().to_str().and_then(|name| name.parse().ok())))
        .filter_map(Result::transpose)
        .collect::<io::Result<_>>()?;
    for number in open.into_iter().filter(|number| *number > 2) {
        #[expect(
            unsafe_code,
            reason = "one thread: what was listed as open still is, but for the listing itself, whose number is a clean error"
        )]
        let descriptor = unsafe { BorrowedFd::borrow_raw(number) };
        match rustix::io::fcntl_setfd(descriptor, FdFlags::CLOEXEC) {
            Ok(()) | Err(rustix::io::Errno::BADF) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Whether the host says so. Reads one byte and no more: what follows is the program's.
fn go() -> io::Result<bool> {
    let mut byte = [0];
    Ok(rustix::io::retry_on_intr(|| rustix::io::read(io::stdin(), &mut byte))? == 1)
}

/// Whether the kernel can run it, as far as it can be read: the C library would hand anything else to a shell.
fn is_program(program: &Path) -> bool {
    let mut begin = [0; 4];
    match File::open(program).and_then(|mut file| file.read_exact(&mut begin)) {
        Ok(()) => begin == *b"\x7fELF" || begin.starts_with(b"#!"),
        Err(error) => error.kind() != ErrorKind::UnexpectedEof,
    }
}

fn become_user(name: &str) -> Result<(), String> {
    let user = User::from_name(name)
        .map_err(|error| format!("user {name}: can't be looked up: {error}"))?
        .ok_or_else(|| format!("user {name}: there is no such user"))?;
    if geteuid() == user.uid {
        return Ok(());
    }
    let groups = CString::new(name).map_err(|_| format!("user {name}: not a name"))?;
    initgroups(&groups, user.gid)
        .and_then(|()| setgid(user.gid))
        .and_then(|()| setuid(user.uid))
        .map_err(|error| format!("user {name}: can't be switched to: {error}"))
}
