//! What jobs and plugins hold in a real process while they wait for their time.

use anyhow::Result;

use crate::{
    built,
    deployment::Deployment,
    report::{Peer, Ratio, Report, Row},
    watchkeeper::Watchkeeper,
};

const JOBS: usize = 1_000;
const PLUGINS: usize = 100;
/// Due once a year: nothing runs while it is measured.
const JOB: &str = "schedule = \"0 0 1 1 *\"\n[config]\nchain = \"bench\"\n[grants]\nchain = [\"bench\"]\n";

pub(crate) fn measure(url: &str, report: &mut Report) -> Result<()> {
    eprintln!("==> memory of jobs and plugins");
    let component = built::component("minimal")?;
    let least = resident(url, 1, std::slice::from_ref(&component))?;
    let jobs = resident(url, JOBS, std::slice::from_ref(&component))?;
    let different: Vec<Vec<u8>> = (0..PLUGINS).map(|number| numbered(&component, number)).collect();
    let plugins = resident(url, PLUGINS, &different)?;
    let mut row = |name: &str, what: String, resident: f64| {
        report.add(Row {
            name: name.to_owned(),
            what,
            value: resident - least,
            unit: "MiB",
            peer: Some(Peer {
                name: "the whole process with one job".to_owned(),
                value: least,
                ratio: Ratio::OursOverTheirs,
            }),
            how:
                "resident memory of `watchkeeper run` after its first scrape, started with a warm cache, over that of \
                  a process with one job; nothing has run yet"
                    .to_owned(),
        });
    };
    row("memory_1000_jobs", format!("{JOBS} jobs of the plugin `minimal`"), jobs);
    let size = component.len() >> 10;
    row("memory_100_plugins", format!("{PLUGINS} different plugins of {size} KiB, a job of each"), plugins);
    Ok(())
}

/// MiB of a process with so many jobs, spread over the plugins.
fn resident(url: &str, jobs: usize, plugins: &[Vec<u8>]) -> Result<f64> {
    let deployment = Deployment::new(url)?;
    for (number, component) in plugins.iter().enumerate() {
        deployment.plugin(&format!("plugin-{number}"), component)?;
    }
    for number in 0..jobs {
        let plugin = number % plugins.len();
        deployment.job(&format!("job-{number}"), &format!("plugin = \"plugin-{plugin}\"\n{JOB}"))?;
    }
    Watchkeeper::start(&deployment)?.wait_until_ready()?;
    let mut warm = Watchkeeper::start(&deployment)?;
    warm.wait_until_ready()?;
    warm.scrape()?;
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let mebibytes = warm.resident()? as f64 / 1_024.0;
    Ok(mebibytes)
}

/// The same plugin with other bytes: a custom section that holds a number.
fn numbered(component: &[u8], number: usize) -> Vec<u8> {
    const NAME: &[u8] = b"number";
    let content = u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes();
    let name_length = u8::try_from(NAME.len()).unwrap_or(u8::MAX);
    let length = u8::try_from(1 + NAME.len() + content.len()).unwrap_or(u8::MAX);
    [component, &[0, length, name_length], NAME, &content].concat()
}
