//! A block that several endpoints have to say the same of: number, hash, parent and time. Each is asked for its chain's id along
//! with it, since one that was right before may serve another chain by now.

use crate::{
    At, Header,
    endpoint::Node,
    fault::Fault,
    read::{Read, ReadHeader},
};

pub(super) struct ReadHead {
    pub(super) at: At,
    /// An endpoint whose newest block is below has no say.
    pub(super) floor: u64,
}

impl Read for ReadHead {
    type Answer = Header;

    fn is_of_a_block(&self) -> bool {
        true
    }

    async fn attempt(&self, node: Node<'_>) -> Result<Header, Fault> {
        let read = ReadHeader { at: self.at };
        let ((), header) = tokio::try_join!(node.check_chain(), read.attempt(node))?;
        if header.number < self.floor {
            return Err(Fault::Behind { newest: header.number, seen: self.floor });
        }
        Ok(header)
    }

    fn same(one: &Header, other: &Header) -> bool {
        one == other
    }

    fn common(&self, answers: &[&Header], rank: usize) -> Option<Self> {
        let read = ReadHeader { at: self.at }.common(answers, rank)?;
        Some(Self { at: read.at, floor: self.floor })
    }
}
