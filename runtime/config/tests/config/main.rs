//! What an operator meets: right files, each kind of mistake, arbitrary text, and files that aren't trusted.

#[cfg(test)]
mod accounts;
#[cfg(test)]
mod arbitrary;
#[cfg(test)]
mod good;
#[cfg(test)]
mod mistakes;
#[cfg(test)]
mod policy;
#[cfg(test)]
mod trust;
