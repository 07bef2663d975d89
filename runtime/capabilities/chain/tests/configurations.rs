//! Chains are opened anew when the configuration changes, while runs in flight keep the old ones.

mod support;

use std::{collections::BTreeMap, sync::Arc};

use prometheus::Registry;
use support::{Opened, fake::Fake, settings};
use watchkeeper_chain::{ChainMetrics, Chains};
use watchkeeper_model::{Clock, SystemClock};

#[tokio::test]
async fn only_endpoints_of_the_configuration_in_use_say_whether_they_are_up() {
    let (node, registry) = (Fake::honest().await, Registry::new());
    let url = node.url();
    let metrics = ChainMetrics::register(&registry).unwrap();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let open_as = |endpoint: &str| {
        let all = BTreeMap::from([("local".to_owned(), settings(&[(endpoint, url.clone())]))]);
        let runtime = tokio::runtime::Handle::current();
        let chains = Chains::open(&all, &metrics, &runtime, &clock).unwrap();
        Opened { chains, registry: registry.clone() }
    };
    let old = open_as("old");
    assert_eq!(old.up("old"), None, "not known before the first use");
    let _refused = open_as("refused");
    old.head().await.unwrap();
    assert_eq!(old.up("old").as_deref(), Some("1"));

    let new = open_as("new");
    new.head().await.unwrap();
    assert_eq!((new.up("old"), new.up("new").as_deref()), (None, Some("1")));
    drop(node);
    old.head().await.unwrap_err();
    assert_eq!(new.up("old"), None, "the end of its node is not news any more");
}
