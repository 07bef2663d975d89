//! Reads that several endpoints have to agree on: each is asked the same of the same block, and the answer that enough of them
//! give is the chain's. What is live, as a gas price or a pool, has no block to agree on and is asked of one.

use std::fmt;

use futures_util::future::join_all;
use tokio::time::Instant;

use crate::{
    ReadError,
    endpoint::Endpoint,
    fault::Fault,
    named::{NamedChain, Refusals},
    read::Read,
    telemetry::Disagreed,
};

impl NamedChain {
    /// Asks all endpoints that may be asked at once, and takes what enough of them say. Costs as many requests as there are
    /// endpoints.
    pub(crate) async fn agree<R: Read>(
        &self,
        read: &R,
        endpoints: &[&Endpoint],
        mut refusals: Refusals<'_>,
        deadline: Instant,
    ) -> Result<R::Answer, ReadError> {
        let answers = self.ask_all(read, endpoints, &mut refusals, deadline).await;
        let heads: Vec<&Endpoint> = answers.iter().map(|(endpoint, _)| *endpoint).collect();
        // Where endpoints differ in how far they are, they are asked for what as many as are needed have, then for what one more
        // has, and so on: of those that are ahead one may be on a fork of its own.
        let ranks = self.quorum..=heads.len();
        let lower =
            ranks.map_while(|rank| read.common(&answers.iter().map(|(_, answer)| answer).collect::<Vec<_>>(), rank));
        let lower: Vec<R> = lower.collect();
        let mut agreement = Agreement::of::<R>(answers);
        for read in lower {
            if agreement.most() >= self.quorum {
                break;
            }
            agreement = Agreement::of::<R>(self.ask_all(&read, &heads, &mut refusals, deadline).await);
        }
        if agreement.most() < self.quorum && agreement.0.len() > 1 {
            let said = agreement.to_string();
            Disagreed { chain: &self.name, telemetry: &self.telemetry, said: &said }.emit();
            let (chain, quorum) = (&self.name, self.quorum);
            return Err(ReadError::Unavailable(format!("chain \"{chain}\": no {quorum} endpoints agree: {said}")));
        }
        match agreement.0.into_iter().next() {
            Some((names, answer)) if names.len() >= self.quorum => Ok(answer),
            _ => Err(self.too_few(refusals)),
        }
    }

    async fn ask_all<'a, R: Read>(
        &self,
        read: &R,
        endpoints: &[&'a Endpoint],
        refusals: &mut Refusals<'a>,
        deadline: Instant,
    ) -> Vec<(&'a Endpoint, R::Answer)> {
        let asked = endpoints.iter().map(|endpoint| async {
            let node = endpoint.until(deadline);
            let answer = async {
                node.verify().await?;
                read.attempt(node).await
            };
            (*endpoint, answer.await)
        });
        let mut answers = Vec::new();
        for (endpoint, answer) in join_all(asked).await {
            match answer {
                Ok(answer) => {
                    endpoint.answered(self.clock.now());
                    answers.push((endpoint, answer));
                }
                Err(fault) => {
                    endpoint.failed(&fault);
                    refusals.push((endpoint.name(), fault));
                }
            }
        }
        answers
    }

    /// What the plugin hears where too few endpoints answer. An error that as many gave as are needed is the chain's answer.
    fn too_few(&self, refusals: Refusals<'_>) -> ReadError {
        let finals = refusals.iter().filter(|(_, fault)| fault.is_final()).count();
        if finals >= self.quorum {
            return self.no_answer(refusals);
        }
        let said: Vec<String> =
            refusals.iter().map(|(name, fault): &(&str, Fault)| format!("{name}: {fault}")).collect();
        let (chain, quorum) = (&self.name, self.quorum);
        ReadError::Unavailable(format!(
            "chain \"{chain}\": fewer than {quorum} endpoints answered: {}",
            said.join("; ")
        ))
    }
}

/// Who gave which answer; the answer that most gave first.
struct Agreement<'a, A>(Vec<(Vec<&'a str>, A)>);

impl<'a, A> Agreement<'a, A> {
    fn of<R: Read<Answer = A>>(answers: Vec<(&'a Endpoint, A)>) -> Self {
        let mut groups: Vec<(Vec<&str>, A)> = Vec::new();
        for (endpoint, answer) in answers {
            match groups.iter_mut().find(|(_, other)| R::same(other, &answer)) {
                Some((names, _)) => names.push(endpoint.name()),
                None => groups.push((vec![endpoint.name()], answer)),
            }
        }
        groups.sort_by_key(|(names, _)| std::cmp::Reverse(names.len()));
        Self(groups)
    }

    /// How many gave the answer that most gave.
    fn most(&self) -> usize {
        self.0.first().map_or(0, |(names, _)| names.len())
    }
}

impl<A> fmt::Display for Agreement<'_, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (names, _)) in self.0.iter().enumerate() {
            f.write_str(if place > 0 { " against " } else { "" })?;
            f.write_str(&names.join(" and "))?;
        }
        Ok(())
    }
}
