//! What Watchkeeper replaces: a process for each look at a chain. `/bin/true` is the least that a process can cost; the
//! script asks the same node as the probe, takes a field out of the answer and compares it.

use std::{
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};

use super::latency;
use crate::{
    house::{House, Job},
    report::{Peer, Ratio, Report, Row},
    stats::{Samples, micros},
};

const ROUNDS: usize = 60;
const RUNS_A_ROUND: usize = 20;
const TOOLS: [&str; 4] = ["bash", "curl", "jq", "bc"];
const SCRIPT: &str = r#"
set -euo pipefail
request='{"jsonrpc":"2.0","method":"eth_getBlockByNumber","params":["latest",false],"id":1}'
answer=$(curl -s -X POST -H 'Content-Type: application/json' --data "$request" "$RPC_URL")
height=$(( $(echo "$answer" | jq -r .result.number) ))
if [ "$(echo "$height > 4000" | bc -l)" -eq 1 ]; then echo "head_block_number $height"; fi
"#;

/// What one round took.
struct Round {
    process: Duration,
    script: Option<Duration>,
    runs: Samples,
    probes: Samples,
}

pub(crate) fn measure(house: &House, url: &str, report: &mut Report) -> Result<()> {
    eprintln!("==> one run after another, beside processes");
    let lacking: Vec<&str> = TOOLS.into_iter().filter(|tool| !installed(tool)).collect();
    if !lacking.is_empty() {
        report.skip(format!("the script, because {} is not installed", lacking.join(", ")));
    }
    let url = lacking.is_empty().then_some(url);
    let empty = house.job("empty-beside-scripts", "empty", "")?;
    let probe = house.job("probe", "minimal", "[config]\nchain = \"bench\"\n[grants]\nchain = [\"bench\"]\n")?;
    round(house, url, &empty, &probe)?;
    let rounds = (0..ROUNDS).map(|_| round(house, url, &empty, &probe)).collect::<Result<Vec<_>>>()?;

    let process: Samples = rounds.iter().map(|round| round.process).collect();
    let script: Samples = rounds.iter().filter_map(|round| round.script).collect();
    let run: Samples = rounds.iter().map(|round| round.runs.median()).collect();
    let probe: Samples = rounds.iter().map(|round| round.probes.median()).collect();
    let how = format!(
        "medians of {ROUNDS} rounds, in each one process, one script and the median of {RUNS_A_ROUND} runs of each job, \
         one after the other"
    );
    let mut row = |name: &str, ours: (&str, &Samples), theirs: (&str, &Samples), aim: &str| {
        report.add(Row {
            name: name.to_owned(),
            what: ours.0.to_owned(),
            value: micros(ours.1.median()),
            unit: "µs",
            peer: Some(Peer {
                name: theirs.0.to_owned(),
                value: micros(theirs.1.median()),
                ratio: Ratio::TheirsOverOurs,
            }),
            how: format!("{how}{aim}"),
        });
    };
    let empty = ("a run of the empty plugin", &run);
    let minimal = ("a run of the probe `minimal`, which asks the same node", &probe);
    row("process_vs_keeper", empty, ("`/bin/true`, fork, exec and wait", &process), "");
    if script.len() > 0 {
        let bash = ("`bash -c` with curl, jq and bc", &script);
        row("script_vs_keeper", empty, bash, "; aim: at least 300");
        row("script_vs_probe", minimal, bash, "");
    }
    Ok(())
}

fn round(house: &House, url: Option<&str>, empty: &Job, probe: &Job) -> Result<Round> {
    let process = process(&mut Command::new("/bin/true"), "")?;
    let script = url.map(|url| {
        let mut bash = Command::new("bash");
        bash.args(["-c", SCRIPT]).env("RPC_URL", url);
        self::process(&mut bash, "head_block_number 4660\n")
    });
    let (empty, probe) = (empty.clone(), probe.clone());
    let (runs, probes) = house.on_host(async move { Ok((runs(&empty).await?, runs(&probe).await?)) })?;
    Ok(Round { process, script: script.transpose()?, runs, probes })
}

async fn runs(job: &Job) -> Result<Samples> {
    let mut samples = Samples::default();
    for _ in 0..RUNS_A_ROUND {
        samples.push(latency::run(job).await?);
    }
    Ok(samples)
}

/// How long a process took that said what it should.
fn process(command: &mut Command, expected: &str) -> Result<Duration> {
    command.stdin(Stdio::null()).stderr(Stdio::inherit());
    let begun = Instant::now();
    let output = command.output().context("a peer does not start")?;
    let took = begun.elapsed();
    ensure!(output.status.success() && output.stdout == expected.as_bytes(), "a peer failed: {output:?}");
    Ok(took)
}

fn installed(tool: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(tool).is_file())
}
