//! The trees that a configuration names. What may be read of them is the grant's to say.

use std::{collections::BTreeMap, fmt, os::fd::OwnedFd, path::PathBuf, sync::Arc};

use rustix::{
    fs::{CWD, Mode, OFlags, openat},
    io::Errno,
};
use tokio::runtime::Handle;
use watchkeeper_config::TreeSettings;
use watchkeeper_contract::{Grant, GrantError, Open, clean};
use watchkeeper_model::JobName;

use crate::{FilesFault, FilesMetrics, NAME, folder::Folder, grant, walk};

/// The most characters of a path that people are shown.
const SHOWN: usize = 300;

/// All trees that a configuration names.
pub struct Trees {
    pub(crate) trees: BTreeMap<String, Arc<Tree>>,
    pub(crate) metrics: FilesMetrics,
    /// Where reads are tasks: not where guests run.
    pub(crate) runtime: Handle,
}

/// One tree.
pub(crate) struct Tree {
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    pub(crate) max_size: u64,
}

impl Trees {
    /// Takes the trees of a configuration. Reads nothing yet: a tree may be there only later. Files will be read by
    /// blocking tasks of `runtime`, which must not be the one that guests run on.
    pub fn open(settings: &BTreeMap<String, TreeSettings>, metrics: &FilesMetrics, runtime: &Handle) -> Self {
        let tree = |(name, settings): (&String, &TreeSettings)| {
            let TreeSettings { path, max_size } = settings.clone();
            (name.clone(), Arc::new(Tree { name: name.clone(), path, max_size }))
        };
        Self { trees: settings.iter().map(tree).collect(), metrics: metrics.clone(), runtime: runtime.clone() }
    }
}

impl Open for Trees {
    fn name(&self) -> &'static str {
        NAME
    }

    fn grant(&self, _job: &JobName, written: &toml::Value) -> Result<Arc<dyn Grant>, GrantError> {
        Ok(Arc::new(grant::parse(self, written)?))
    }
}

impl fmt::Debug for Trees {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.trees.keys()).finish()
    }
}

impl Tree {
    /// Opens a folder in it. Only the way to the tree itself, which is the operator's, may have links.
    pub(crate) fn open(&self, folder: &Folder) -> Result<OwnedFd, FilesFault> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let root = openat(CWD, &self.path, flags, Mode::empty());
        let root = root.map_err(|error| {
            self.fault(error, format!("tree `{}`: its folder {}", self.name, self.path.display()), "it is no folder")
        })?;
        walk::descend(root, folder).map_err(|(step, error)| {
            let way: Vec<_> = folder.names().iter().take(step + 1).map(|name| name.to_string_lossy()).collect();
            self.fault(error, self.place(&way.join("/")), "it is no folder, or a link, which is not followed")
        })
    }

    /// A place in the tree, for people; `path` is from the tree on.
    pub(crate) fn place(&self, path: &str) -> String {
        if path.is_empty() {
            return format!("tree `{}`", self.name);
        }
        format!("tree `{}`: {}", self.name, clean(path, SHOWN))
    }

    fn fault(&self, error: Errno, place: String, no_folder: &str) -> FilesFault {
        match error {
            Errno::NOENT => FilesFault::NotFound(format!("{place}: it is not there")),
            Errno::NOTDIR | Errno::LOOP => FilesFault::NotFound(format!("{place}: {no_folder}")),
            error => unreadable(&place, error),
        }
    }
}

/// Something in a tree can't be read.
pub(crate) fn unreadable(place: &str, error: Errno) -> FilesFault {
    FilesFault::Io(match error {
        Errno::ACCESS | Errno::PERM => {
            format!("{place}: {error}\nhint: let the user that watchkeeper runs as read it, or take it out of the tree")
        }
        _ => format!("{place}: {error}"),
    })
}
