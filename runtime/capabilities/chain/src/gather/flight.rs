//! One answer for all who wait for it. The work is a task of the host: who asked first may leave, and it goes on as long as
//! anybody waits; when nobody does, it ends.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared, WeakShared},
};
use tokio::runtime::Handle;
use tokio_util::task::AbortOnDropHandle;

use crate::ReadError;

/// An answer that is being fetched; clones wait for the same.
pub(crate) type Flight<T> = Shared<BoxFuture<'static, Result<T, ReadError>>>;

/// A flight that doesn't wait for the answer itself.
pub(crate) type Watch<T> = WeakShared<BoxFuture<'static, Result<T, ReadError>>>;

/// Begins a flight.
pub(crate) fn begin<T: Clone + Send + Sync + 'static>(
    runtime: &Handle,
    work: impl Future<Output = Result<T, ReadError>> + Send + 'static,
) -> Flight<T> {
    let task = AbortOnDropHandle::new(runtime.spawn(work));
    let ended = |_error| Err(ReadError::Unavailable("the host ended the read".to_owned()));
    async move { task.await.unwrap_or_else(ended) }.boxed().shared()
}

/// What is in flight, by what was asked.
pub(crate) struct Flights<K, T>(Arc<Mutex<Table<K, T>>>);

struct Table<K, T> {
    begun: u64,
    flights: HashMap<K, Entry<T>>,
}

struct Entry<T> {
    number: u64,
    watch: Watch<T>,
    arrivals: Arc<AtomicUsize>,
}

impl<K, T> Default for Flights<K, T> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Table { begun: 0, flights: HashMap::new() })))
    }
}

impl<K, T> Flights<K, T>
where
    K: Clone + Eq + Hash + Send + 'static,
    T: Clone + Send + Sync + 'static,
{
    /// The flight for `key`, and whether it was there already. An answer that has come serves nobody who asks later. The work
    /// is given how many have come for it.
    pub(crate) fn join<W>(
        &self,
        runtime: &Handle,
        key: K,
        work: impl FnOnce(Arc<AtomicUsize>) -> W,
    ) -> (Flight<T>, bool)
    where
        W: Future<Output = Result<T, ReadError>> + Send + 'static,
    {
        let mut table = lock(&self.0);
        if let Some((entry, flight)) = table.flights.get(&key).and_then(|entry| Some((entry, entry.watch.upgrade()?))) {
            entry.arrivals.fetch_add(1, Ordering::Relaxed);
            return (flight, true);
        }
        table.begun += 1;
        let landing = Landing { table: Arc::clone(&self.0), key: key.clone(), number: table.begun };
        let arrivals = Arc::new(AtomicUsize::new(1));
        let work = work(Arc::clone(&arrivals));
        let flight = begin(runtime, async move {
            let answer = work.await;
            drop(landing);
            answer
        });
        if let Some(watch) = flight.downgrade() {
            let number = table.begun;
            table.flights.insert(key, Entry { number, watch, arrivals });
        }
        (flight, false)
    }
}

/// Takes a flight out of the table when its work is over or given up.
struct Landing<K: Eq + Hash, T> {
    table: Arc<Mutex<Table<K, T>>>,
    key: K,
    number: u64,
}

impl<K: Eq + Hash, T> Drop for Landing<K, T> {
    fn drop(&mut self) {
        let mut table = lock(&self.table);
        if table.flights.get(&self.key).is_some_and(|entry| entry.number == self.number) {
            table.flights.remove(&self.key);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use tokio::sync::Semaphore;

    use super::*;

    #[tokio::test]
    async fn who_asks_while_it_is_fetched_gets_the_same_answer_and_later_ones_a_new_one() {
        let (flights, runtime) = (Flights::<u8, usize>::default(), Handle::current());
        let (asked, gate) = (Arc::new(AtomicUsize::new(0)), Arc::new(Semaphore::new(0)));
        let join = || {
            let (asked, gate) = (Arc::clone(&asked), Arc::clone(&gate));
            flights.join(&runtime, 7, |_arrivals| async move {
                gate.acquire().await.unwrap().forget();
                Ok(asked.fetch_add(1, Ordering::SeqCst))
            })
        };
        let ((first, new), (second, joined)) = (join(), join());
        assert_eq!((new, joined), (false, true));
        gate.add_permits(1);
        assert_eq!((first.await, second.await), (Ok(0), Ok(0)));
        gate.add_permits(1);
        let (third, joined) = join();
        assert_eq!((third.await, joined), (Ok(1), false));
        assert!(lock(&flights.0).flights.is_empty());
    }

    #[tokio::test]
    async fn it_goes_on_while_anybody_waits_and_ends_when_nobody_does() {
        let (flights, runtime) = (Flights::<u8, ()>::default(), Handle::current());
        let (ended, gate) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
        struct Ended(Arc<Semaphore>);
        impl Drop for Ended {
            fn drop(&mut self) {
                self.0.add_permits(1);
            }
        }
        let join = || {
            let (end, gate) = (Ended(Arc::clone(&ended)), Arc::clone(&gate));
            let work = async move {
                let _end = end;
                gate.acquire().await.unwrap().forget();
                Ok(())
            };
            flights.join(&runtime, 7, |_arrivals| work).0
        };
        let (first, second) = (join(), join());
        ended.acquire().await.unwrap().forget();
        drop(first);
        gate.add_permits(1);
        assert_eq!(second.await, Ok(()));
        ended.acquire().await.unwrap().forget();

        let left = join();
        drop(left);
        ended.acquire().await.unwrap().forget();
        let (_flight, joined) = flights.join(&runtime, 7, |_arrivals| async { Ok(()) });
        assert!(!joined, "what nobody waited for is asked anew");
    }
}
