//! Random lives of a few jobs, beside a model that keeps the same numbers in plain maps: whatever happens,
//! both expositions say what the model says, and Prometheus' tool has nothing to object to.

use std::collections::{BTreeMap, BTreeSet};

use proptest::{
    collection::{btree_set, vec},
    prelude::*,
    sample::select,
};
use watchkeeper_metrics::{Declaration, FamilySpec, Format, Kind, Sample, Store, Value};

use crate::support::{MAX_AGE, accepts_open_metrics, accepts_text, at, families, job, of, read, scrape, store};

const JOBS: [&str; 3] = ["first", "second", "third"];
/// Texts that would break out of a label or a help line.
const HOSTILE: &[&str] =
    &["", "\"", "\\", "\n", "\\n", "a\\\"b\n", "} 1\n# EOF\n", "\0", "\r", "\u{7f}", "\u{2028}", "ü😀", ",le=\"1"];
const BOUNDS: [f64; 2] = [0.0, 2.5];

fn all_families(help: &str) -> Vec<FamilySpec> {
    let mut families = families(
        r#"[{"name": "box_temperature_celsius", "type": "gauge", "help": "h", "unit": "celsius"},
            {"name": "box_weight", "type": "gauge", "help": "h", "labels": ["shelf", "row"]},
            {"name": "boxes_total", "type": "counter", "help": "h", "labels": ["shelf"]},
            {"name": "box_moves_meters_total", "type": "counter", "help": "h", "unit": "meters"},
            {"name": "box_size_meters", "type": "histogram", "help": "h", "unit": "meters", "labels": ["shelf"],
             "buckets": [0, 2.5]}]"#,
    );
    families.iter_mut().for_each(|family| family.help = help.to_owned());
    families
}

#[derive(Debug, Clone)]
enum Event {
    Declare(usize, BTreeSet<usize>),
    Commit(usize, Vec<Sample>),
    Wait(u64),
    Pause(usize),
    Remove(usize),
    Refresh,
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![select(HOSTILE).prop_map(str::to_owned), vec(any::<char>(), 0..6).prop_map(String::from_iter)]
}

fn value() -> impl Strategy<Value = Value> {
    let halves = (-2i32..20).prop_map(|n| f64::from(n) / 2.0);
    let odd = select(&[f64::NAN, f64::INFINITY, f64::NEG_INFINITY][..]);
    let sum = prop_oneof![9 => halves, 1 => odd];
    prop_oneof![any::<f64>().prop_map(Value::Set), sum.clone().prop_map(Value::Add), sum.prop_map(Value::Observe)]
}

/// Mostly samples that fit one of the families, sometimes none.
fn samples() -> impl Strategy<Value = Vec<Sample>> {
    let labels = vec(text(), 0..3);
    let any = (0u32..7, labels, value()).prop_map(|(family, labels, value)| Sample { family, labels, value });
    vec(any, 0..40)
}

fn event() -> impl Strategy<Value = Event> {
    let job = 0..JOBS.len();
    prop_oneof![
        2 => (job.clone(), btree_set(0usize..5, 0..5)).prop_map(|(job, set)| Event::Declare(job, set)),
        6 => (job.clone(), samples()).prop_map(|(job, samples)| Event::Commit(job, samples)),
        1 => (0u64..400).prop_map(Event::Wait),
        1 => job.clone().prop_map(Event::Pause),
        1 => job.prop_map(Event::Remove),
        1 => Just(Event::Refresh),
    ]
}

/// Series name and labels to value, as the exposition shows them.
type Page = BTreeMap<(String, Vec<(String, String)>), String>;

#[derive(Clone)]
enum Number {
    One(f64),
    Observed(Vec<f64>),
}

/// One job as the model sees it: by family and label values.
#[derive(Default)]
struct ModelJob {
    declared: Vec<usize>,
    series: BTreeMap<(usize, Vec<String>), Number>,
    refreshed: Option<u64>,
}

impl ModelJob {
    fn forget_gauges(&mut self, families: &[FamilySpec]) {
        self.series.retain(|(family, _), _| families[*family].kind != Kind::Gauge);
        self.refreshed = None;
    }

    /// Returns how many samples don't fit.
    fn commit(&mut self, families: &[FamilySpec], samples: &[Sample], now: u64) -> u64 {
        self.forget_gauges(families);
        self.refreshed = Some(now);
        let mut refused = 0;
        for sample in samples {
            let family = self.declared.get(sample.family as usize).copied();
            let fits = family.is_some_and(|family| families[family].labels.len() == sample.labels.len());
            let series = (family.unwrap_or_default(), sample.labels.clone());
            match (fits, family.map(|family| families[family].kind), sample.value) {
                (true, Some(Kind::Gauge), Value::Set(value)) => {
                    self.series.insert(series, Number::One(value));
                }
                (true, Some(Kind::Counter), Value::Add(value)) if (0.0..f64::INFINITY).contains(&value) => {
                    match self.series.entry(series).or_insert(Number::One(0.0)) {
                        Number::One(sum) => *sum += value,
                        Number::Observed(_) => unreachable!(),
                    }
                }
                (true, Some(Kind::Histogram), Value::Observe(value)) if (0.0..f64::INFINITY).contains(&value) => {
                    match self.series.entry(series).or_insert(Number::Observed(vec![])) {
                        Number::Observed(all) => all.push(value),
                        Number::One(_) => unreachable!(),
                    }
                }
                _ => refused += 1,
            }
        }
        refused
    }

    fn show(&self, name: &str, families: &[FamilySpec], page: &mut Page) {
        for ((family, values), number) in &self.series {
            let spec = &families[*family];
            let own = spec.labels.iter().zip(values).map(|(name, value)| (name.clone(), value.clone()));
            let host = [("job_name", name), ("plugin", "probe")].map(|(a, b)| (a.to_owned(), b.to_owned()));
            let labels: Vec<_> = host.into_iter().chain(own).collect();
            let mut put = |suffix: &str, bound: Option<&str>, value: f64| {
                let bound = bound.map(|bound| ("le".to_owned(), bound.to_owned()));
                let labels = labels.iter().cloned().chain(bound).collect();
                let value = if value == 0.0 { 0.0 } else { value };
                page.insert((format!("{}{suffix}", spec.name), labels), format!("{value:?}"));
            };
            match number {
                Number::One(value) => put("", None, *value),
                Number::Observed(all) => {
                    let below = |bound: f64| all.iter().filter(|value| **value <= bound).count() as f64;
                    put("_bucket", Some("0.0"), below(BOUNDS[0]));
                    put("_bucket", Some("2.5"), below(BOUNDS[1]));
                    put("_bucket", Some("+Inf"), all.len() as f64);
                    put("_sum", None, all.iter().sum());
                    put("_count", None, all.len() as f64);
                }
            }
        }
    }
}

struct World {
    store: Store,
    families: Vec<FamilySpec>,
    now: u64,
    jobs: BTreeMap<usize, (Declaration, ModelJob)>,
}

impl World {
    fn step(&mut self, event: Event) {
        match event {
            Event::Declare(place, set) => {
                let chosen: Vec<FamilySpec> = set.iter().map(|family| self.families[*family].clone()).collect();
                let declaration = self.store.declare(&[of(JOBS[place], chosen)]).unwrap().remove(0);
                let mut model = self.jobs.remove(&place).map(|(_, model)| model).unwrap_or_default();
                model.series.retain(|(family, _), _| set.contains(family));
                model.declared = set.into_iter().collect();
                self.jobs.insert(place, (declaration, model));
            }
            Event::Commit(place, samples) => {
                if let Some((declaration, model)) = self.jobs.get_mut(&place) {
                    let commit = self.store.commit(declaration, &samples, &[], at(self.now));
                    let refused = model.commit(&self.families, &samples, self.now);
                    let mut page = Page::new();
                    model.show(JOBS[place], &self.families, &mut page);
                    assert_eq!((commit.dropped.total(), commit.series), (refused, page.len()));
                }
            }
            Event::Wait(seconds) => self.now += seconds,
            Event::Pause(place) => {
                self.store.pause(&job(JOBS[place]));
                if let Some((_, model)) = self.jobs.get_mut(&place) {
                    model.forget_gauges(&self.families);
                }
            }
            Event::Remove(place) => {
                self.store.remove(&job(JOBS[place]));
                self.jobs.remove(&place);
            }
            Event::Refresh => self.store.refresh(),
        }
    }

    fn page(&mut self) -> Page {
        let mut page = Page::new();
        for (place, (_, model)) in &mut self.jobs {
            if model.refreshed.is_some_and(|then| self.now - then > MAX_AGE.as_secs()) {
                model.forget_gauges(&self.families);
            }
            model.show(JOBS[*place], &self.families, &mut page);
        }
        page
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn the_exposition_says_what_the_model_says(help in text(), events in vec(event(), 1..40)) {
        let families = all_families(&format!("Help {help}"));
        let mut world = World { store: store(), families, now: 1_000, jobs: BTreeMap::new() };
        for place in 0..JOBS.len() {
            world.step(Event::Declare(place, (0..5).collect()));
        }
        for event in events {
            world.step(event);
            let expected = world.page();
            prop_assert_eq!(read(&world.store, at(world.now)).series, expected);
        }
        accepts_text(&scrape(&world.store, Format::Text, at(world.now)));
        let open = scrape(&world.store, Format::OpenMetrics, at(world.now));
        if open != "# EOF\n" {
            accepts_open_metrics(&open);
        }
    }
}
