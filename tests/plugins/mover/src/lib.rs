//! Moves bytes between commands, trees and artifacts as its config says, and tells what became of each step in one log line: what a
//! grant doesn't allow must be denied, and no byte may be lost on the way.

mod step;

use step::Step;
use watchkeeper_sdk::prelude::*;

#[config]
struct Config {
    /// What is done, one after the other; a step that fails ends nothing.
    steps: Vec<Step>,
}

#[derive(Metrics)]
struct Metrics {
    /// Steps by whether they went well.
    #[metric(labels("went"))]
    mover_steps_total: Counter<1>,
}

#[plugin]
async fn run(config: Config, metrics: &Metrics) -> Result<String> {
    for (number, step) in config.steps.into_iter().enumerate() {
        match step.take().await {
            Ok(done) => {
                info!("step {number}: ok: {done}");
                metrics.mover_steps_total.add(["well"], 1);
            }
            Err(error) => {
                info!("step {number}: error: {error}");
                metrics.mover_steps_total.add(["badly"], 1);
            }
        }
    }
    Ok("done".into())
}
