//! The asynchronous binding of `watchkeeper:state`: waits for its turn, charges the run, and translates errors.

use wasmtime::component::{Accessor, HasData, Linker};
use watchkeeper_contract::{Run, bindings::watchkeeper::state::state, enter, hold};

use crate::{Remembered, StateFault};

pub(crate) fn link(linker: &mut Linker<Run>) -> wasmtime::Result<()> {
    state::add_to_linker::<Run, Binding>(linker, |_run| Binding)
}

struct Binding;

impl HasData for Binding {
    type Data<'a> = Self;
}

impl state::Host for Binding {}

impl state::HostWithStore<Run> for Binding {
    async fn get(store: &Accessor<Run, Self>, key: String) -> wasmtime::Result<Result<Option<Vec<u8>>, state::Error>> {
        let _turn = enter(store, key.len()).await?;
        let state = begin(store, "get")?;
        let found = state.get(&key).await;
        if let Ok(Some(value)) = &found {
            hold(store, value.len())?;
        }
        Ok(found.map_err(Into::into))
    }

    async fn set(
        store: &Accessor<Run, Self>,
        key: String,
        value: Vec<u8>,
    ) -> wasmtime::Result<Result<(), state::Error>> {
        put(store, "set", key, Some(value)).await
    }

    async fn delete(store: &Accessor<Run, Self>, key: String) -> wasmtime::Result<Result<(), state::Error>> {
        put(store, "delete", key, None).await
    }
}

async fn put(
    store: &Accessor<Run, Binding>,
    verb: &str,
    key: String,
    value: Option<Vec<u8>>,
) -> wasmtime::Result<Result<(), state::Error>> {
    let _turn = enter(store, key.len() + value.as_ref().map_or(0, Vec::len)).await?;
    let state = begin(store, verb)?;
    let put = store.with(|mut access| state.put(&mut access.data_mut().budget, key, value))?;
    Ok(put.map_err(Into::into))
}

fn begin(store: &Accessor<Run, Binding>, verb: &str) -> wasmtime::Result<Remembered> {
    store.with(|mut access| {
        let run = access.data_mut();
        run.used(format!("state {verb}"));
        let dry = run.info.dry_run;
        let state = run.grant::<Remembered>()?.clone();
        if dry {
            state.forget_at_end();
        }
        Ok(state)
    })
}

impl From<StateFault> for state::Error {
    fn from(fault: StateFault) -> Self {
        match fault {
            StateFault::TooLarge(message) => Self::TooLarge(message),
            StateFault::Unavailable(message) => Self::Unavailable(message),
        }
    }
}
