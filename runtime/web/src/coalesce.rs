//! Scrapes that overlap share one answer, so that impatient or many scrapers don't pile up work. (client_golang's
//! `CoalesceGather` does the same.)

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared, WeakShared},
};

use crate::{House, ScrapeRequest, ScrapeResponse};

type Scrape = BoxFuture<'static, Arc<ScrapeResponse>>;

/// The scrapes under way. They belong to the requests that wait for them; here are only ways to find them.
#[derive(Default)]
pub(crate) struct Coalesce {
    under_way: Mutex<HashMap<ScrapeRequest, WeakShared<Scrape>>>,
}

impl Coalesce {
    /// Joins the scrape under way for an equal request, or begins one.
    pub(crate) fn scrape(&self, house: &Arc<dyn House>, request: ScrapeRequest) -> Shared<Scrape> {
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        under_way.retain(|_, scrape| scrape.upgrade().is_some_and(|scrape| scrape.peek().is_none()));
        if let Some(scrape) = under_way.get(&request).and_then(WeakShared::upgrade) {
            return scrape;
        }
        let (house, asked) = (Arc::clone(house), request.clone());
        let scrape = async move { Arc::new(house.scrape(asked).await) }.boxed().shared();
        if let Some(weak) = scrape.downgrade() {
            under_way.insert(request, weak);
        }
        scrape
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use futures_util::{FutureExt, poll};

    use super::Coalesce;
    use crate::{House, ScrapeRequest, tests::Furnished};

    fn request(encoding: &str) -> ScrapeRequest {
        let accept_encoding = Some(encoding.to_owned());
        ScrapeRequest { accept: None, accept_encoding, timeout: Duration::from_secs(1) }
    }

    #[tokio::test]
    async fn only_equal_scrapes_under_way_are_shared() {
        let furnished = Arc::new(Furnished::shut());
        let house: Arc<dyn House> = furnished.clone();
        let coalesce = Coalesce::default();
        let first = coalesce.scrape(&house, request("gzip"));
        let second = coalesce.scrape(&house, request("gzip"));
        let other = coalesce.scrape(&house, request("identity"));
        assert!(first.ptr_eq(&second) && !first.ptr_eq(&other));
        assert!(poll!(first.clone()).is_pending());
        furnished.gate.add_permits(1);
        assert!(first.clone().now_or_never().is_some() && second.now_or_never().is_some());
        assert_eq!(furnished.scrapes(), 1);
        assert!(!coalesce.scrape(&house, request("gzip")).ptr_eq(&first), "an answer was kept");
    }

    #[tokio::test]
    async fn a_scraper_that_leaves_takes_nobodys_scrape_along_and_the_last_leaves_nothing() {
        let furnished = Arc::new(Furnished::shut());
        let house: Arc<dyn House> = furnished.clone();
        let coalesce = Coalesce::default();
        let mut first = coalesce.scrape(&house, request("gzip"));
        let second = coalesce.scrape(&house, request("gzip"));
        assert!(poll!(&mut first).is_pending());
        drop(first);
        furnished.gate.add_permits(1);
        assert!(second.now_or_never().is_some());
        assert_eq!(furnished.scrapes(), 1);

        drop(coalesce.scrape(&house, request("gzip")));
        let _other = coalesce.scrape(&house, request("identity"));
        assert_eq!(coalesce.under_way.lock().unwrap().len(), 1);
    }
}
