//! One word that a contract answers at one block. The code at its address is read with it, at the same block of the same
//! endpoint: a call of nobody succeeds, and gives nothing.

use alloy_primitives::U256;
use serde_json::Value;

use super::at::{by_hash, by_number, may_take_numbers};
use crate::{
    decode::Data,
    endpoint::{Asked, Node},
    fault::Fault,
    methods,
    read::{Block, Call, Read, Reply, params, parse, reply},
};

pub(super) struct ReadWord {
    pub(super) block: Block,
    pub(super) call: Call,
}

/// What was there, and what it answered.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Word {
    has_code: bool,
    reply: Reply,
}

impl Word {
    /// The number; else what is wrong, in words.
    pub(super) fn word(&self) -> Result<U256, String> {
        match &self.reply {
            _ if !self.has_code => Err("there is no code".to_owned()),
            Reply::Reverted(data) => Err(format!("it reverted, with {} bytes", data.len())),
            Reply::Returned(data) => match <[u8; 32]>::try_from(data.as_ref()) {
                Ok(word) => Ok(U256::from_be_bytes(word)),
                Err(_length) => Err(format!("it answered {} bytes, not 32", data.len())),
            },
        }
    }
}

impl Read for ReadWord {
    type Answer = Word;

    fn is_of_a_block(&self) -> bool {
        true
    }

    fn same(one: &Word, other: &Word) -> bool {
        one == other
    }

    async fn attempt(&self, node: Node<'_>) -> Result<Word, Fault> {
        match self.ask(node, &by_hash(self.block)).await {
            Err(fault) if may_take_numbers(&fault) => {
                let word = self.ask(node, &by_number(self.block)).await?;
                self.block.check(node).await?;
                Ok(word)
            }
            word => word,
        }
    }
}

impl ReadWord {
    async fn ask(&self, node: Node<'_>, block: &Value) -> Result<Word, Fault> {
        let asked = vec![
            Asked { method: methods::GET_CODE, params: params(&(self.call.to, block))? },
            Asked { method: methods::CALL, params: params(&(&self.call, block))? },
        ];
        let mut answers = node.requests(asked).await?.into_iter();
        let (Some(code), Some(called)) = (answers.next(), answers.next()) else {
            return Err(Fault::malformed("a call without an answer"));
        };
        let Data(code) = parse(&code?)?;
        Ok(Word { has_code: !code.is_empty(), reply: reply(called)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_32_bytes_of_a_contract_are_a_word() {
        let word = |has_code, reply| Word { has_code, reply }.word();
        let returned = |bytes: usize| Reply::Returned(vec![1; bytes].into());
        assert_eq!(word(true, returned(32)), Ok(U256::from_be_bytes([1; 32])));
        for bytes in [0, 1, 31, 33, 64] {
            assert_eq!(word(true, returned(bytes)), Err(format!("it answered {bytes} bytes, not 32")));
        }
        assert_eq!(word(false, returned(32)), Err("there is no code".to_owned()));
        assert_eq!(word(false, returned(0)), Err("there is no code".to_owned()));
        assert_eq!(word(true, Reply::Reverted(vec![1; 32].into())), Err("it reverted, with 32 bytes".to_owned()));
    }
}
