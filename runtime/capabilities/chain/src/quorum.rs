//! Reads that several endpoints have to agree on: each is asked the same of the same block, and the answer that enough of them
//! give is the chain's. What is live, as a gas price or a pool, has no block to agree on and is asked of one. How many are
//! enough is the asker's to say: reads that decide money ask for more than the chain's quorum.

use std::fmt;

use futures_util::{StreamExt, stream::FuturesUnordered};
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
    /// Asks endpoints until `needed` of them say the same: all that are well at once, and those that rest only if that isn't
    /// enough.
    pub(crate) async fn agreed<R: Read>(&self, read: &R, needed: usize) -> Result<R::Answer, ReadError> {
        let deadline = Instant::now() + self.timeout;
        let _turn = self.turn(deadline).await?;
        let (well, resting, mut refusals) = self.plan().parted();
        let out = refusals.len();
        let enough = well.len() >= needed;
        let all: Vec<&Endpoint> = well.iter().chain(&resting).copied().collect();
        let first = if enough { &well } else { &all };
        let mut agreement = self.settle(read, needed, first, &mut refusals, deadline).await;
        if agreement.most() < needed && enough && !resting.is_empty() {
            refusals.truncate(out);
            agreement = self.settle(read, needed, &all, &mut refusals, deadline).await;
        }
        if agreement.most() < needed && agreement.0.len() > 1 {
            let said = agreement.to_string();
            Disagreed { chain: &self.name, telemetry: &self.telemetry, said: &said }.emit();
            let chain = &self.name;
            return Err(ReadError::Unavailable(format!("chain \"{chain}\": no {needed} endpoints agree: {said}")));
        }
        match agreement.0.into_iter().next() {
            Some((names, answer)) if names.len() >= needed => Ok(answer),
            _ => Err(self.too_few(needed, refusals)),
        }
    }

    /// Who says what. Where endpoints differ in how far they are, they are asked for what as many as are needed have, then for
    /// what one more has, and so on: of those that are ahead one may be on a fork of its own.
    async fn settle<'a, R: Read>(
        &self,
        read: &R,
        needed: usize,
        endpoints: &[&'a Endpoint],
        refusals: &mut Refusals<'a>,
        deadline: Instant,
    ) -> Agreement<'a, R::Answer> {
        let answers = self.ask_all(read, needed, endpoints, refusals, deadline).await;
        let heads: Vec<&Endpoint> = answers.iter().map(|(endpoint, _)| *endpoint).collect();
        let ranks = needed..=heads.len();
        let lower =
            ranks.map_while(|rank| read.common(&answers.iter().map(|(_, answer)| answer).collect::<Vec<_>>(), rank));
        let lower: Vec<R> = lower.collect();
        let mut agreement = Agreement::of::<R>(answers);
        for read in lower {
            if agreement.most() >= needed {
                break;
            }
            agreement = Agreement::of::<R>(self.ask_all(&read, needed, &heads, refusals, deadline).await);
        }
        agreement
    }

    /// Asks all at once, in half of the time that is left, and waits for no more once `needed` have said the same: one that is silent
    /// keeps nobody from agreeing.
    pub(crate) async fn ask_all<'a, R: Read>(
        &self,
        read: &R,
        needed: usize,
        endpoints: &[&'a Endpoint],
        refusals: &mut Refusals<'a>,
        deadline: Instant,
    ) -> Vec<(&'a Endpoint, R::Answer)> {
        let share = deadline.saturating_duration_since(Instant::now()) / 2;
        let hurried = self.is_hurried(share);
        let until = Instant::now() + share;
        let asked = endpoints.iter().map(|endpoint| async move {
            let node = endpoint.until(until);
            let answer = async {
                node.verify().await?;
                read.attempt(node).await
            };
            (*endpoint, answer.await)
        });
        let mut asked: FuturesUnordered<_> = asked.collect();
        let mut answers: Vec<(&Endpoint, R::Answer)> = Vec::new();
        while let Some((endpoint, answer)) = asked.next().await {
            match answer {
                Ok(answer) => {
                    endpoint.answered(self.clock.now());
                    let others = answers.iter().filter(|(_, other)| R::same(other, &answer)).count();
                    answers.push((endpoint, answer));
                    if others + 1 >= needed {
                        break;
                    }
                }
                Err(fault) => {
                    if !(hurried && matches!(fault, Fault::Timeout)) {
                        endpoint.failed(&fault);
                    }
                    refusals.push((endpoint.name(), fault));
                }
            }
        }
        // As the operator named them, not as they came.
        answers.sort_by_key(|(endpoint, _)| endpoints.iter().position(|asked| std::ptr::eq(*asked, *endpoint)));
        answers
    }

    /// What is heard where too few endpoints answer. An error that as many gave as are needed is the chain's answer.
    fn too_few(&self, needed: usize, refusals: Refusals<'_>) -> ReadError {
        let finals = refusals.iter().filter(|(_, fault)| fault.is_final()).count();
        if needed == 1 || finals >= needed {
            return self.no_answer(refusals);
        }
        let said: Vec<String> =
            refusals.iter().map(|(name, fault): &(&str, Fault)| format!("{name}: {fault}")).collect();
        let chain = &self.name;
        ReadError::Unavailable(format!(
            "chain \"{chain}\": fewer than {needed} endpoints answered: {}",
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
