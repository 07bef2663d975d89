//! Calls as the config has them.

use std::collections::BTreeMap;

use alloy_dyn_abi::JsonAbiExt;
use watchkeeper_sdk::prelude::{Bytes, Call};

use super::{
    Decimals, Form, Read, Take,
    families::{Computed, Wanted},
    named,
    place::{Kind, Place},
};
use crate::{
    argument,
    config::{Calls, Config, FunctionSignature, Output},
};

/// All calls, one for each contract of each entry.
pub(super) fn reads(config: &Config, computed: &mut Computed<'_>) -> Result<Vec<Read>, String> {
    let mut reads = Vec::new();
    for (place, calls) in config.calls.iter().enumerate() {
        reads.extend(of_entry(&format!("calls[{place}]"), calls, &config.chain, computed)?);
    }
    Ok(reads)
}

fn of_entry(key: &str, calls: &Calls, chain: &str, computed: &mut Computed<'_>) -> Result<Vec<Read>, String> {
    if calls.contracts.is_empty() {
        return Err(format!("key `{key}.contracts`: names no contract"));
    }
    let FunctionSignature { function, outputs: returns, .. } = &calls.function;
    let name = named(key, calls.name.as_deref(), &function.name)?;
    let data = Bytes::from(encode(key, calls)?);
    let mut reads: Vec<Read> = calls
        .contracts
        .iter()
        .map(|(contract, to)| Read {
            contract: contract.to_owned(),
            name: name.to_owned(),
            call: Call { to, data: data.clone() },
            returns: returns.clone(),
            takes: Vec::new(),
        })
        .collect();
    for (place, output) in calls.outputs.iter().enumerate() {
        let key = format!("{key}.outputs[{place}]");
        let what = Taken::of(&key, output, &calls.function, computed)?;
        for read in &mut reads {
            let take = what.by(&[chain, &read.contract], &output.labels);
            computed.series(&key, &output.metric, &take.labels)?;
            read.takes.push(take);
        }
    }
    Ok(reads)
}

/// The selector and the arguments.
fn encode(key: &str, calls: &Calls) -> Result<Vec<u8>, String> {
    let FunctionSignature { function, inputs, .. } = &calls.function;
    if calls.arguments.len() != inputs.len() {
        let (wanted, given) = (inputs.len(), calls.arguments.len());
        return Err(format!("key `{key}.arguments`: `{}` takes {wanted}, not {given}", function.signature()));
    }
    let values = calls.arguments.iter().zip(inputs).enumerate().map(|(place, (written, of_type))| {
        argument::read(written, of_type).map_err(|problem| format!("key `{key}.arguments[{place}]`: {problem}"))
    });
    let values = values.collect::<Result<Vec<_>, _>>()?;
    function.abi_encode_input(&values).map_err(|error| format!("key `{key}.arguments`: {error}"))
}

/// An output that was found, with its family.
struct Taken {
    place: Place,
    form: Form,
    gauge: watchkeeper_sdk::metrics::ComputedGauge,
}

impl Taken {
    fn of(key: &str, output: &Output, from: &FunctionSignature, computed: &mut Computed<'_>) -> Result<Self, String> {
        let (place, kind) = Place::find(&output.output, &from.function.outputs, &from.outputs)
            .map_err(|problem| format!("key `{key}.output`: {problem}"))?;
        let form = form(key, output, kind)?;
        let mut labels = vec!["chain", "contract"];
        labels.extend(output.labels.keys().map(String::as_str));
        labels.extend((kind == Kind::Text).then_some("value"));
        let gauge = computed.gauge(&Wanted {
            key: key.to_owned(),
            metric: &output.metric,
            help: output.help.as_deref(),
            usual_help: format!("Output `{}` of `{}`.", output.output.0.join("."), from.function.signature()),
            unit: output.unit.as_deref(),
            labels,
        })?;
        Ok(Self { place, form, gauge })
    }

    fn by(&self, labels: &[&str], further: &BTreeMap<String, String>) -> Take {
        let labels = labels.iter().map(|label| (*label).to_owned()).chain(further.values().cloned()).collect();
        Take { place: self.place.clone(), form: self.form, gauge: self.gauge, labels }
    }
}

fn form(key: &str, output: &Output, kind: Kind) -> Result<Form, String> {
    let info = output.metric.ends_with("_info");
    match kind {
        Kind::Number if info => Err(format!(
            "key `{key}.metric`: `{}`: the output is a number, and `_info` ends the names of gauges that are always 1",
            output.metric
        )),
        Kind::Number => Ok(Form::Number(Decimals::Known(output.decimals))),
        Kind::Text if !info => Err(format!(
            "key `{key}.metric`: `{}`: the output is no number, so it becomes a label of a gauge that is 1: write `{}_info`",
            output.metric, output.metric
        )),
        Kind::Text if output.decimals != 0 || output.unit.is_some() => {
            Err(format!("key `{key}`: the output is no number, and has neither decimals nor a unit"))
        }
        Kind::Text => Ok(Form::Text),
    }
}
