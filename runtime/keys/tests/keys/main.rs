//! What signs for an account, and what doesn't: keystores on disk, Web3Signers and AWS KMS over real HTTP.

#[cfg(test)]
mod asked;
#[cfg(test)]
mod files;
#[cfg(test)]
mod format;
#[cfg(test)]
mod kms;
#[cfg(test)]
mod stand_in;
#[cfg(test)]
mod web3signer;
