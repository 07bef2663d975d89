//! Equal questions that overlap share one answer, so that impatient or many scrapers don't pile up work. (client_golang's
//! `CoalesceGather` does the same for scrapes.)

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
};

use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared, WeakShared},
};

type Answer<T> = BoxFuture<'static, Arc<T>>;

/// The questions under way. They belong to the requests that wait for them; here are only ways to find them.
pub(crate) struct Coalesce<Q, T>(Mutex<HashMap<Q, WeakShared<Answer<T>>>>);

impl<Q, T> Default for Coalesce<Q, T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<Q: Eq + Hash + Clone, T: Send + Sync + 'static> Coalesce<Q, T> {
    /// Joins the answer under way to an equal question, or begins one. It ends when all who wait for it are gone.
    pub(crate) fn join<F>(&self, question: Q, ask: impl FnOnce(Q) -> F) -> Shared<Answer<T>>
    where
        F: Future<Output = T> + Send + 'static,
    {
        let mut under_way = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        under_way.retain(|_, answer| answer.upgrade().is_some_and(|answer| answer.peek().is_none()));
        if let Some(answer) = under_way.get(&question).and_then(WeakShared::upgrade) {
            return answer;
        }
        let answer = ask(question.clone()).map(Arc::new).boxed().shared();
        if let Some(weak) = answer.downgrade() {
            under_way.insert(question, weak);
        }
        answer
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use futures_util::{FutureExt, poll};
    use tokio::sync::Semaphore;

    use super::Coalesce;

    /// Counts who asks, and answers once there is a permit.
    #[derive(Clone)]
    struct Oracle(Arc<AtomicUsize>, Arc<Semaphore>);

    impl Oracle {
        fn shut() -> Self {
            Self(Arc::default(), Arc::new(Semaphore::new(0)))
        }

        async fn ask(self, question: &'static str) -> &'static str {
            self.0.fetch_add(1, Ordering::SeqCst);
            self.1.acquire().await.unwrap().forget();
            question
        }
    }

    #[tokio::test]
    async fn only_equal_questions_under_way_are_shared() {
        let (oracle, coalesce) = (Oracle::shut(), Coalesce::default());
        let ask = |question| coalesce.join(question, |question| oracle.clone().ask(question));
        let (first, second, other) = (ask("one"), ask("one"), ask("other"));
        assert!(first.ptr_eq(&second) && !first.ptr_eq(&other));
        assert!(poll!(first.clone()).is_pending());
        oracle.1.add_permits(1);
        assert!(first.clone().now_or_never().is_some() && second.now_or_never().is_some());
        assert_eq!(oracle.0.load(Ordering::SeqCst), 1);
        assert!(!ask("one").ptr_eq(&first), "an answer was kept");
    }

    #[tokio::test]
    async fn one_who_leaves_takes_nobodys_answer_along_and_the_last_leaves_nothing() {
        let (oracle, coalesce) = (Oracle::shut(), Coalesce::default());
        let ask = |question| coalesce.join(question, |question| oracle.clone().ask(question));
        let (mut first, second) = (ask("one"), ask("one"));
        assert!(poll!(&mut first).is_pending());
        drop(first);
        oracle.1.add_permits(1);
        assert!(second.now_or_never().is_some());
        assert_eq!(oracle.0.load(Ordering::SeqCst), 1);

        drop(ask("one"));
        let _other = ask("other");
        assert_eq!(coalesce.0.lock().unwrap().len(), 1);
    }
}
