//! The commands against a real server of this API, over real connections.

#[cfg(test)]
mod acting;
#[cfg(test)]
mod asking;
#[cfg(test)]
mod following;
#[cfg(test)]
mod house;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod server;
