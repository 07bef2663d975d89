//! The simulation, and the proof that its oracle sees what is wrong.

#[cfg(test)]
mod oracle;
#[cfg(test)]
mod seeds;
