//! Free ports for services that can't pick one by themselves.
//!
//! They are below those that the kernel gives to connections, so that only another test could take one first: a service
//! that doesn't start is tried with others.

use std::net::{Ipv4Addr, TcpListener};

/// A port at which something may listen on 127.0.0.1, as may what needs more ports: one at each of these distances.
pub(crate) fn free_ports(distances: &[u16]) -> u16 {
    let is_free = |port: u16| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
    let mut picks = std::iter::repeat_with(|| fastrand::u16(10_000..22_000)).take(1000);
    let fits = |first: &u16| is_free(*first) && distances.iter().all(|distance| is_free(first + distance));
    picks.find(fits).expect("some ports are free")
}
