//! How the time of a read grows with their number.

use std::time::Instant;

use anyhow::Result;

use super::stage::{Chain, open, read_values};
use crate::{
    report::{Peer, Ratio, Report, Row},
    stats::{Samples, micros},
};

const SIZES: [usize; 4] = [10, 100, 1_000, 10_000];
const JOBS: usize = 50;
const ROUNDS: usize = 7;

pub(super) async fn measure(chain: &Chain, report: &mut Report) -> Result<()> {
    eprintln!("==> a read, as reads grow");
    let chains = open(chain.url())?;
    read_values(&chains, JOBS, JOBS).await?;
    let mut of_first = None;
    for size in SIZES {
        let mut samples = Samples::default();
        for _ in 0..ROUNDS {
            chain.mine().await?;
            let begun = Instant::now();
            read_values(&chains, JOBS.min(size), size).await?;
            samples.push(begun.elapsed());
        }
        let value = micros(samples.median()) / size as f64;
        let first = *of_first.get_or_insert(value);
        report.add(Row {
            name: format!("time_of_a_read_among_{size}"),
            what: format!("the time for {size} values at one head, for each of them"),
            value,
            unit: "µs",
            peer: (value.to_bits() != first.to_bits()).then(|| Peer {
                name: "among 10".to_owned(),
                value: first,
                ratio: Ratio::OursOverTheirs,
            }),
            how: format!("medians of {ROUNDS} rounds, each at a new block, by at most {JOBS} jobs"),
        });
    }
    Ok(())
}
