//! The asynchronous binding of `watchkeeper:files`: waits for its turn, charges the run, lends the stream, and
//! translates errors.

use wasmtime::{
    AsContextMut,
    component::{Accessor, FutureReader, HasData, Linker},
};
use watchkeeper_contract::{Run, bindings::backup::watchkeeper::files::files, enter, hold, lend_stream};

use crate::{FilesFault, Packed, Packing, TreeReader};

pub(crate) fn link(linker: &mut Linker<Run>) -> wasmtime::Result<()> {
    files::add_to_linker::<Run, Binding>(linker, |_run| Binding)
}

struct Binding;

impl HasData for Binding {
    type Data<'a> = Self;
}

impl files::Host for Binding {}

impl files::HostWithStore<Run> for Binding {
    async fn pack(
        store: &Accessor<Run, Self>,
        tree: String,
        folder: String,
    ) -> wasmtime::Result<Result<files::Archive, files::Error>> {
        let _turn = enter(store, tree.len() + folder.len()).await?;
        let reader = begin(store, "pack", &tree)?;
        let Packing { tar, ended } = match reader.pack(&tree, &folder).await {
            Ok(packing) => packing,
            Err(fault) => return Ok(Err(fault.into())),
        };
        let ended = async move {
            let ended = ended.await.unwrap_or(Err(FilesFault::Stopped));
            wasmtime::Result::<_>::Ok(ended.map(files::Packed::from).map_err(files::Error::from))
        };
        store.with(|mut access| {
            let tar = lend_stream(access.as_context_mut(), tar)?;
            let ended = FutureReader::new(access.as_context_mut(), ended)?;
            Ok(Ok(files::Archive { tar, ended }))
        })
    }

    async fn entries(
        store: &Accessor<Run, Self>,
        tree: String,
        folder: String,
    ) -> wasmtime::Result<Result<Vec<String>, files::Error>> {
        let _turn = enter(store, tree.len() + folder.len()).await?;
        let reader = begin(store, "entries", &tree)?;
        let found = reader.entries(&tree, &folder).await;
        if let Ok(names) = &found {
            hold(store, names.iter().map(|name| size_of::<String>() + name.len()).sum())?;
        }
        Ok(found.map_err(Into::into))
    }
}

fn begin(store: &Accessor<Run, Binding>, verb: &str, tree: &str) -> wasmtime::Result<TreeReader> {
    store.with(|mut access| {
        let run = access.data_mut();
        let reader = run.grant::<TreeReader>()?.clone();
        // What a plugin made up is no power.
        if reader.has(tree) {
            run.used(format!("files {tree} {verb}"));
        }
        Ok(reader)
    })
}

impl From<Packed> for files::Packed {
    fn from(Packed { files, bytes, skipped, changed }: Packed) -> Self {
        Self { files, bytes, skipped, changed }
    }
}

impl From<FilesFault> for files::Error {
    fn from(fault: FilesFault) -> Self {
        let kind = fault.result();
        match fault {
            FilesFault::Denied(text) => Self::Denied(text),
            FilesFault::NotFound(text) => Self::NotFound(text),
            FilesFault::Io(text) => Self::Io(text),
            FilesFault::TooLarge(text) => Self::TooLarge(text),
            FilesFault::Unread | FilesFault::Stopped => Self::Other((kind.to_owned(), fault.to_string())),
        }
    }
}
