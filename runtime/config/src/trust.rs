//! Which files may be read as configuration or code, and whether one has come to rest.
//!
//! As OpenSSH's `StrictModes`: a file, and each folder on the way to it, must belong to root or to the user that runs
//! Watchkeeper, and be writable by no one else. Symbolic links are followed one by one, and the folders on both sides of each
//! are checked, so that a link in a safe place can't lead to an unsafe one. Two exceptions:
//! - a sticky folder (`/tmp`) may be writable by all: others can't replace what isn't theirs in it. A link in it must be
//!   the user's or root's too;
//! - permission bits don't count on a file system that is mounted read-only: Kubernetes mounts ConfigMaps so, with folders of
//!   mode 777.
//!
//! Keys and passwords are held to more: nobody but the file's owner may do anything with it, wherever it is.

use std::{
    collections::VecDeque,
    ffi::OsString,
    fs::{self, File, Metadata},
    io::{self, Read},
    os::unix::fs::MetadataExt,
    path::{Component, Path, PathBuf},
};

use rustix::fs::{Mode, OFlags, StatVfsMountFlags};
use zeroize::Zeroizing;

/// Links that are followed on one way; Linux' own bound.
const LINKS: usize = 40;

/// Why a file isn't read.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// It can't be read, or isn't there: the source tells.
    #[error("{}: can't be read: {source}", path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// Someone else could change it.
    #[error("{}: not trusted: {why}\nhint: {hint}", path.display())]
    Untrusted {
        /// The file, folder or link at fault.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
        /// The command that mends it.
        hint: String,
    },
    /// A folder, device or pipe.
    #[error("{}: not a file", path.display())]
    NotAFile {
        /// What was found.
        path: PathBuf,
    },
    /// Greater than the caller allows.
    #[error("{}: {size} bytes are more than the {limit} that are allowed", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size in bytes.
        size: u64,
        /// The caller's limit in bytes.
        limit: u64,
    },
    /// It changed while it was read: read it again once it rests.
    #[error("{}: is being written", path.display())]
    Changing {
        /// The file.
        path: PathBuf,
    },
}

/// What tells one state of a file from another without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint {
    /// The device.
    pub dev: u64,
    /// The inode.
    pub inode: u64,
    /// The size in bytes.
    pub size: u64,
    /// The time of the last change, in nanoseconds since the Unix epoch.
    pub mtime_ns: i128,
}

impl From<&Metadata> for Fingerprint {
    fn from(metadata: &Metadata) -> Self {
        Self {
            dev: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            mtime_ns: i128::from(metadata.mtime()) * 1_000_000_000 + i128::from(metadata.mtime_nsec()),
        }
    }
}

/// The state of a file now, links followed. Doesn't ask whether it is trusted.
///
/// # Errors
/// [`TrustError::Unreadable`]; its source says whether the file is gone.
pub fn fingerprint(path: &Path) -> Result<Fingerprint, TrustError> {
    let metadata = fs::metadata(path).map_err(unreadable(path))?;
    Ok(Fingerprint::from(&metadata))
}

/// Reads a file of at most `limit` bytes that no one else can change, opened once, and unchanged while it was read.
///
/// # Errors
/// [`TrustError`]; [`TrustError::Changing`] passes by itself.
pub fn read_trusted(path: &Path, limit: u64) -> Result<(Vec<u8>, Fingerprint), TrustError> {
    read(path, limit, check)
}

/// Reads a key or a password: as [`read_trusted`], of a file that its owner alone may read. The bytes are zeroed when they
/// are dropped.
///
/// # Errors
/// [`TrustError`].
pub fn read_private(path: &Path, limit: u64) -> Result<Zeroizing<Vec<u8>>, TrustError> {
    read(path, limit, check_private).map(|(bytes, _)| Zeroizing::new(bytes))
}

type Check = fn(&Path, &Metadata) -> Result<(), TrustError>;

fn read(path: &Path, limit: u64, check: Check) -> Result<(Vec<u8>, Fingerprint), TrustError> {
    let real = resolve_trusted(path)?;
    // A pipe in the file's place must not block the reader.
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = rustix::fs::open(&real, flags, Mode::empty()).map_err(|error| unreadable(&real)(error.into()))?;
    let mut file = File::from(file);
    let before = file.metadata().map_err(unreadable(&real))?;
    if !before.is_file() {
        return Err(TrustError::NotAFile { path: real });
    }
    check(&real, &before)?;
    let (fingerprint, size) = (Fingerprint::from(&before), before.size());
    if size > limit {
        return Err(TrustError::TooLarge { path: real, size, limit });
    }
    // Never moved while it grows: a move would leave a copy of a key behind.
    let mut bytes = Vec::with_capacity(usize::try_from(size.saturating_add(1)).unwrap_or_default());
    (&mut file).take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(unreadable(&real))?;
    let after = file.metadata().map_err(unreadable(&real))?;
    if Fingerprint::from(&after) == fingerprint && u64::try_from(bytes.len()) == Ok(size) {
        Ok((bytes, fingerprint))
    } else {
        Err(TrustError::Changing { path: real })
    }
}

/// Walks to a file or folder, checking each folder and link on the way, and gives the way without links.
pub(crate) fn resolve_trusted(path: &Path) -> Result<PathBuf, TrustError> {
    let whole = std::path::absolute(path).map_err(unreadable(path))?;
    let mut left: VecDeque<OsString> = names(&whole);
    let mut here = PathBuf::from("/");
    let mut links = 0;
    check(&here, &fs::symlink_metadata(&here).map_err(unreadable(&here))?)?;
    while let Some(name) = left.pop_front() {
        if name == ".." {
            here.pop();
            continue;
        }
        let next = here.join(&name);
        let metadata = fs::symlink_metadata(&next).map_err(unreadable(&next))?;
        if metadata.is_symlink() {
            links += 1;
            if links > LINKS {
                return Err(unreadable(path)(rustix::io::Errno::LOOP.into()));
            }
            check_owner(&next, &metadata)?;
            let target = fs::read_link(&next).map_err(unreadable(&next))?;
            if target.is_absolute() {
                here = PathBuf::from("/");
            }
            let mut way = names(&target);
            way.append(&mut left);
            left = way;
            continue;
        }
        check(&next, &metadata)?;
        here = next;
    }
    Ok(here)
}

fn names(path: &Path) -> VecDeque<OsString> {
    path.components()
        .filter_map(|component| match component {
            Component::Normal(name) => Some(name.to_owned()),
            Component::ParentDir => Some("..".into()),
            Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
        })
        .collect()
}

fn check(path: &Path, metadata: &Metadata) -> Result<(), TrustError> {
    check_owner(path, metadata)?;
    let mode = metadata.mode();
    let others_may_write = mode & 0o022 != 0;
    let sticky = metadata.is_dir() && mode & 0o1000 != 0;
    if !others_may_write || sticky || mounted_read_only(path) {
        return Ok(());
    }
    Err(TrustError::Untrusted {
        path: path.to_owned(),
        why: format!("others may write to it (mode {:o})", mode & 0o7777),
        hint: format!("chmod go-w {}", path.display()),
    })
}

fn check_private(path: &Path, metadata: &Metadata) -> Result<(), TrustError> {
    check_owner(path, metadata)?;
    let mode = metadata.mode();
    if mode & 0o077 == 0 {
        return Ok(());
    }
    Err(TrustError::Untrusted {
        path: path.to_owned(),
        why: format!("others than its owner may use it (mode {:o})", mode & 0o7777),
        hint: format!("chmod 600 {}", path.display()),
    })
}

fn check_owner(path: &Path, metadata: &Metadata) -> Result<(), TrustError> {
    let user = rustix::process::geteuid().as_raw();
    let owner = metadata.uid();
    if owner == 0 || owner == user {
        return Ok(());
    }
    Err(TrustError::Untrusted {
        path: path.to_owned(),
        why: format!("it belongs to user {owner}, neither to root nor to user {user} who reads it"),
        hint: format!("chown -h {user} {}", path.display()),
    })
}

fn mounted_read_only(path: &Path) -> bool {
    rustix::fs::statvfs(path).is_ok_and(|stat| stat.f_flag.contains(StatVfsMountFlags::RDONLY))
}

fn unreadable(path: &Path) -> impl FnOnce(io::Error) -> TrustError {
    let path = path.to_owned();
    move |source| TrustError::Unreadable { path, source }
}
