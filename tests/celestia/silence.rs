//! What a node doesn't say, or says wrongly, is absent, shows in the log, and is never a zero.

use std::{collections::BTreeSet, mem};

use super::{METHODS, blobs, caught_up, submission, value, watch};
use crate::{
    stand_ins::celestia::{
        Celestia,
        model::{
            Model, Permission, Wrong,
            wrong::{self, Known},
        },
    },
    support::{Exposition, Watchkeeper},
};

#[test]
fn each_kind_of_wrong_answer_costs_its_series_and_nothing_else() {
    let node = Celestia::start(Model::new(10));
    let deployment = watch(&node, Permission::Admin, &METHODS);
    let watchkeeper = Watchkeeper::start(&deployment);
    let mut healthy = watchkeeper.after_run("da", "success");
    let known = one_of_each_kind(wrong::known(&node.model()));
    assert!(known.len() >= 12, "{}", known.len());
    for Known { method, wrong, costs, for_good } in known {
        let what = format!("{method} answering {wrong:?}");
        let said = || watchkeeper.log().matches("said once").count();
        let before = said();
        {
            let mut model = node.model();
            model.bandwidth.0 += 1_000;
            model.bandwidth.1 += 1_000;
            model.wrong.insert(method.into(), wrong);
        }
        let scrape = watchkeeper.after_run("da", "success");
        for name in costs {
            // A counter can't be absent: it stands still.
            let expected = if name.ends_with("_total") { shown(&healthy, name) } else { BTreeSet::new() };
            assert_eq!(shown(&scrape, name), expected, "{what}");
        }
        assert_eq!(said() - before, usize::from(for_good), "{what}");
        assert_eq!(value(&scrape, "da_head_block_number", &[("kind", "local")]), Some(10.0), "{what}");
        assert_eq!(value(&scrape, "da_uncounted_blocks", &[]), Some(0.0), "{what}");
        node.model().wrong.clear();
        healthy = watchkeeper.after_run("da", "success");
        for name in costs {
            assert!(
                !shown(&healthy, name).is_empty() && shown(&healthy, name) != shown(&scrape, name),
                "{name} after {what}"
            );
        }
    }
    let runs = watchkeeper.runs_by_outcome("da");
    assert_eq!(runs.keys().map(String::as_str).collect::<Vec<_>>(), ["success"]);
}

#[test]
fn a_node_that_isnt_there_or_refuses_the_token_makes_runs_fail_and_gauges_dont_turn_to_zero() {
    let node = Celestia::start(Model::new(10));
    let deployment = watch(&node, Permission::Public, &METHODS);
    let watchkeeper = Watchkeeper::start(&deployment);
    // Its token isn't one that the node made.
    eventually_fails(&watchkeeper);
    assert!(shown(&watchkeeper.metrics(), "da_head_block_number").is_empty());
    assert!(node.model().calls.is_empty(), "status 401 comes before any method");
}

#[test]
fn blocks_that_cannot_be_read_are_counted_once_they_can() {
    let node = Celestia::start(Model::new(10));
    let deployment = watch(&node, Permission::Read, &METHODS);
    let watchkeeper = Watchkeeper::start(&deployment);
    caught_up(&watchkeeper, &node);
    for wrong in [
        Wrong::Result(serde_json::Value::Null),
        Wrong::Error("share: data not found".into()),
        Wrong::Http(429, "rate limit exceeded\n"),
        Wrong::Http(200, "<html>welcome</html>"),
        Wrong::Lacks,
    ] {
        let before = blobs(&caught_up(&watchkeeper, &node)).unwrap_or_default();
        node.model().wrong.insert("share.GetNamespaceData".into(), wrong.clone());
        node.model().produce(vec![submission(7); 20]);
        let scrape = watchkeeper.after_run("da", "success");
        assert_eq!(blobs(&scrape), Some(before), "{wrong:?}");
        assert_eq!(value(&scrape, "da_uncounted_blocks", &[]), Some(1.0), "{wrong:?}");
        node.model().wrong.clear();
        assert_eq!(blobs(&caught_up(&watchkeeper, &node)), Some(before + 20.0), "{wrong:?}");
    }
    assert!(watchkeeper.log().contains("stopped counting: "), "{}", watchkeeper.log());
}

/// The catalogue's first of each: the words of an error, a status, a kind of result for a method.
fn one_of_each_kind(known: Vec<Known>) -> Vec<Known> {
    let mut seen = BTreeSet::new();
    let kind = |known: &Known| match &known.wrong {
        Wrong::Result(_) => format!("result of {}", known.method),
        other => format!("{:?} {other:?}", mem::discriminant(other)),
    };
    known.into_iter().filter(|known| seen.insert(kind(known))).collect()
}

/// The series that a name of the catalogue means: a family, perhaps with a label in braces.
fn shown(scrape: &Exposition, name: &str) -> BTreeSet<String> {
    let (family, label) = name.split_once('{').unwrap_or((name, ""));
    let label = label.trim_end_matches('}').split_once('=').map(|(label, value)| (label, value.trim_matches('"')));
    scrape.all(family, label.as_slice()).into_iter().map(|sample| format!("{sample:?}")).collect()
}

fn eventually_fails(watchkeeper: &Watchkeeper) {
    crate::support::eventually("a run that fails", super::PATIENCE, || {
        let runs = watchkeeper.runs_by_outcome("da");
        runs.keys().any(|outcome| outcome != "success").then_some(())
    });
    assert_eq!(watchkeeper.runs("da", "success"), 0.0);
}
