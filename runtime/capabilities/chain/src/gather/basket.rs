//! Baskets: what many askers want within a short while, asked together. An item that is in a basket already, open or on its
//! way, is not asked again. A basket is a flight: it goes out although an asker left, and not at all if all did.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

use super::{
    Id,
    flight::{Flight, Watch, begin},
    window::company,
};
use crate::{ReadError, named::NamedChain};

/// What goes into baskets of one kind, and how it is asked.
pub(crate) trait Kind: Send + Sync + 'static {
    /// What one basket has in common.
    type Group: Clone + Eq + Hash + Send + Sync;
    /// What is asked.
    type Item: Send + 'static;
    /// What is answered to one item.
    type Answer: Clone + Send + Sync + 'static;
    /// With so many items a basket goes out at once.
    const FULL: usize;

    /// Asks all items, and gives the answers in their order.
    fn ask(
        chain: &Arc<NamedChain>,
        group: Self::Group,
        items: Vec<Self::Item>,
    ) -> impl Future<Output = Result<Vec<Self::Answer>, ReadError>> + Send;
}

/// A basket's answers.
pub(crate) type Answers<A> = Arc<HashMap<Id, A>>;

/// Which baskets hold what somebody asked for.
pub(crate) struct Wanted<A> {
    pub(crate) flights: Vec<Flight<Answers<A>>>,
    /// How many of the items were asked already.
    pub(crate) joined: usize,
}

/// The baskets of one kind.
pub(crate) struct Baskets<K: Kind>(Arc<Mutex<Table<K>>>);

struct Table<K: Kind> {
    begun: u64,
    open: HashMap<K::Group, Open<K>>,
    /// By what is asked, the number of its basket and its answers to come.
    asked: HashMap<Id, Numbered<K>>,
}

type Numbered<K> = (u64, Watch<Answers<<K as Kind>::Answer>>);

/// A basket's answers to come, and the basket.
type Opened<K> = (Flight<Answers<<K as Kind>::Answer>>, Open<K>);

/// A basket that takes more.
struct Open<K: Kind> {
    number: u64,
    contents: Arc<Mutex<Contents<K::Item>>>,
    full: Arc<Notify>,
    watch: Watch<Answers<K::Answer>>,
}

struct Contents<T> {
    ids: Vec<Id>,
    items: Vec<T>,
}

impl<K: Kind> Default for Baskets<K> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Table { begun: 0, open: HashMap::new(), asked: HashMap::new() })))
    }
}

impl<K: Kind> Baskets<K> {
    /// Puts items into baskets, unless they are in some already.
    pub(crate) fn put(
        &self,
        chain: &Arc<NamedChain>,
        group: &K::Group,
        items: Vec<(Id, K::Item)>,
    ) -> Wanted<K::Answer> {
        let (mut flights, mut joined) = (HashMap::new(), 0);
        let mut table = lock(&self.0);
        for (id, item) in items {
            if let Some((number, flight)) =
                table.asked.get(&id).and_then(|(number, watch)| Some((*number, watch.upgrade()?)))
            {
                joined += 1;
                flights.insert(number, flight);
            } else if let Some((number, flight)) = self.place(&mut table, chain, group, id, item) {
                flights.insert(number, flight);
            }
        }
        drop(table);
        Wanted { flights: flights.into_values().collect(), joined }
    }

    fn place(
        &self,
        table: &mut Table<K>,
        chain: &Arc<NamedChain>,
        group: &K::Group,
        id: Id,
        item: K::Item,
    ) -> Option<(u64, Flight<Answers<K::Answer>>)> {
        let open = table.open.remove(group).and_then(|open| Some((open.watch.upgrade()?, open)));
        let (flight, open) = match open {
            Some(open) => open,
            None => self.open(table, chain, group)?,
        };
        let number = open.number;
        table.asked.insert(id, (number, open.watch.clone()));
        let full = {
            let mut contents = lock(&open.contents);
            contents.ids.push(id);
            contents.items.push(item);
            contents.items.len() >= K::FULL
        };
        if full {
            open.full.notify_one();
        } else {
            table.open.insert(group.clone(), open);
        }
        Some((number, flight))
    }

    fn open(&self, table: &mut Table<K>, chain: &Arc<NamedChain>, group: &K::Group) -> Option<Opened<K>> {
        table.begun += 1;
        let number = table.begun;
        let contents = Arc::new(Mutex::new(Contents { ids: Vec::new(), items: Vec::new() }));
        let full = Arc::new(Notify::new());
        let sent = Sent { table: Arc::clone(&self.0), group: group.clone(), number, contents: Arc::clone(&contents) };
        let (closed, asker) = (Arc::clone(&full), Arc::clone(chain));
        let flight = begin(&chain.runtime, async move {
            let come = || lock(&sent.contents).items.len();
            tokio::select! {
                () = company(come) => {}
                () = closed.notified() => {}
            }
            let (ids, items) = sent.close();
            let answers = K::ask(&asker, sent.group.clone(), items).await?;
            drop(sent);
            Ok(Arc::new(ids.into_iter().zip(answers).collect::<HashMap<_, _>>()))
        });
        let watch = flight.downgrade()?;
        Some((flight, Open { number, contents, full, watch }))
    }
}

/// A basket on its way: leaves the table when it is answered or given up.
struct Sent<K: Kind> {
    table: Arc<Mutex<Table<K>>>,
    group: K::Group,
    number: u64,
    contents: Arc<Mutex<Contents<K::Item>>>,
}

impl<K: Kind> Sent<K> {
    /// Takes in no more.
    fn close(&self) -> (Vec<Id>, Vec<K::Item>) {
        let mut table = lock(&self.table);
        self.shut(&mut table);
        let mut contents = lock(&self.contents);
        (contents.ids.clone(), std::mem::take(&mut contents.items))
    }

    fn shut(&self, table: &mut Table<K>) {
        if table.open.get(&self.group).is_some_and(|open| open.number == self.number) {
            table.open.remove(&self.group);
        }
    }
}

impl<K: Kind> Drop for Sent<K> {
    fn drop(&mut self) {
        let mut table = lock(&self.table);
        self.shut(&mut table);
        for id in &lock(&self.contents).ids {
            if table.asked.get(id).is_some_and(|(number, _)| *number == self.number) {
                table.asked.remove(id);
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
