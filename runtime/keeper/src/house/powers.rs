//! What plugins may do, in plain words, and the chains that they do it on.

use std::collections::BTreeMap;

use watchkeeper_model::JobName;
use watchkeeper_web::api::{ChainInfo, EndpointInfo, EndpointState, PluginInfo, PluginJob, Power};

use super::Keeper;
use crate::{conductor::JobView, job::Job};

impl Keeper {
    pub(super) fn show_plugins(&self) -> Vec<PluginInfo> {
        let mut plugins: Vec<PluginInfo> = Vec::new();
        for view in self.conductor.jobs() {
            let job = &view.scheduled.job;
            let used = PluginJob { name: job.spec.name.clone(), powers: powers(job) };
            let digest = Some(job.plugin.component.digest);
            match plugins.iter_mut().find(|known| known.name == job.spec.plugin && known.digest == digest) {
                Some(known) => known.jobs.push(used),
                None => plugins.push(self.plugin(&view, used)),
            }
        }
        plugins.sort_by(|a, b| a.name.cmp(&b.name));
        plugins
    }

    fn plugin(&self, view: &JobView, used: PluginJob) -> PluginInfo {
        let job = &view.scheduled.job;
        let (plugin, imports) = (&job.plugin, &job.plugin.component.imports);
        let workshop = self.workshop.load();
        let asked = workshop
            .sandbox
            .capabilities()
            .iter()
            .filter(|capability| imports.iter().any(|import| import.capability == Some(capability.name())));
        let file = self.settings.plugins.join(format!("{}.wasm", job.spec.plugin));
        PluginInfo {
            name: job.spec.plugin.clone(),
            version: Some(plugin.schema.version.as_str().into()),
            summary: None,
            digest: Some(plugin.component.digest),
            problem: self.board.problem(&file).map(Into::into),
            file: file.display().to_string().into(),
            imports: imports.iter().map(|import| import.name.as_str().into()).collect(),
            powers: asked
                .map(|capability| Power { capability: capability.name().into(), words: capability.power().into() })
                .collect(),
            jobs: vec![used],
        }
    }

    pub(super) fn show_chains(&self) -> Vec<ChainInfo> {
        let mut readers: BTreeMap<String, Vec<JobName>> = BTreeMap::new();
        for view in self.conductor.jobs() {
            let job = &view.scheduled.job;
            for chain in job.grants.iter().flat_map(|(_, grant)| grant.chains()) {
                readers.entry(chain).or_default().push(job.spec.name.clone());
            }
        }
        let workshop = self.workshop.load();
        let chains = workshop.open.iter().flat_map(|open| open.chains());
        let chains = chains.map(|chain| ChainInfo {
            jobs: readers.remove(&chain.name).unwrap_or_default(),
            name: chain.name.into(),
            chain_id: chain.chain_id,
            head: chain.head,
            head_seen: chain.head_seen,
            problem: chain.problem.map(Into::into),
            endpoints: chain.endpoints.into_iter().map(endpoint).collect(),
        });
        chains.collect()
    }
}

/// What a job's grants let its plugin do.
pub(super) fn powers(job: &Job) -> Vec<Power> {
    let lines = job.grants.iter().flat_map(|(name, grant)| grant.describe().into_iter().map(move |line| (*name, line)));
    lines.map(|(name, line)| Power { capability: name.into(), words: line.into() }).collect()
}

fn endpoint(endpoint: watchkeeper_contract::EndpointHealth) -> EndpointInfo {
    use watchkeeper_contract::EndpointStanding as Standing;
    EndpointInfo {
        name: endpoint.name.into(),
        state: match endpoint.standing {
            Standing::Unknown => EndpointState::Unknown,
            Standing::Ok => EndpointState::Ok,
            Standing::Failing => EndpointState::Failing,
            Standing::Throttled => EndpointState::Throttled,
            Standing::Stale => EndpointState::Stale,
            Standing::WrongChain => EndpointState::WrongChain,
        },
        lag_blocks: endpoint.lag,
        last_answer: endpoint.last_answer,
        out_since: endpoint.out_since,
        problem: endpoint.problem.map(Into::into),
    }
}
