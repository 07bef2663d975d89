//! How often somebody may try credentials: so that a password can't be guessed, and guessing costs us little.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Wrong tries that a peer may make at once.
const BURST: u32 = 10;
/// How long it takes until one of them is forgotten.
const FORGIVEN: Duration = Duration::from_secs(1);
/// Peers that are remembered; beyond that, the one that could be forgotten first is.
const MOST: usize = 10_000;

/// The wrong tries of each peer.
#[derive(Default)]
pub(super) struct Throttle(Mutex<HashMap<IpAddr, Instant>>);

impl Throttle {
    /// Counts a try. Where it turns out right, it is to be [`Throttle::forgive`]n. False: too many were wrong.
    pub(super) fn take(&self, peer: IpAddr, now: Instant) -> bool {
        let mut peers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let peer = network(peer);
        let clean = clean(&peers, peer, now);
        if clean > now + FORGIVEN * (BURST - 1) {
            return false;
        }
        if peers.len() >= MOST && !peers.contains_key(&peer) {
            peers.retain(|_, clean| *clean > now);
            if peers.len() >= MOST {
                let first = peers.iter().min_by_key(|(_, clean)| **clean).map(|(peer, _)| *peer);
                first.map(|peer| peers.remove(&peer));
            }
        }
        peers.insert(peer, clean + FORGIVEN);
        true
    }

    /// Whether a try would be one too many.
    pub(super) fn is_over(&self, peer: IpAddr, now: Instant) -> bool {
        let peers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        clean(&peers, network(peer), now) > now + FORGIVEN * (BURST - 1)
    }

    /// A try was right: it doesn't count.
    pub(super) fn forgive(&self, peer: IpAddr) {
        let mut peers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(clean) = peers.get_mut(&network(peer)) {
            *clean = clean.checked_sub(FORGIVEN).unwrap_or(*clean);
        }
    }
}

/// When all tries of a peer so far will be forgotten.
fn clean(peers: &HashMap<IpAddr, Instant>, peer: IpAddr, now: Instant) -> Instant {
    peers.get(&peer).copied().filter(|clean| *clean > now).unwrap_or(now)
}

/// One host of IPv4, one network of 64 bits of IPv6: what one customer has.
fn network(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V4(peer) => IpAddr::V4(peer),
        IpAddr::V6(peer) => IpAddr::V6((u128::from(peer) >> 64 << 64).into()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::{BURST, FORGIVEN, Throttle};

    #[test]
    fn wrong_tries_are_bounded_by_peer_and_forgotten_one_by_one() {
        let (throttle, start) = (Throttle::default(), Instant::now());
        let (peer, other) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        for _ in 0..BURST {
            assert!(throttle.take(peer, start));
        }
        assert!(!throttle.take(peer, start) && throttle.take(other, start));
        assert!(!throttle.take("::ffff:192.0.2.1".parse().unwrap(), start), "the same peer");
        assert!(throttle.take(peer, start + FORGIVEN));
        assert!(!throttle.take(peer, start + FORGIVEN));
    }

    #[test]
    fn right_tries_do_not_count_and_a_network_is_one_peer() {
        let (throttle, start) = (Throttle::default(), Instant::now());
        let host = |host: u32| format!("2001:db8::{host:x}").parse().unwrap();
        for number in 0..100 {
            assert!(throttle.take(host(number), start));
            throttle.forgive(host(number));
        }
        assert_eq!((0..100).filter(|number| throttle.take(host(*number), start)).count(), 10);
        assert!(throttle.take("2001:db8:0:1::1".parse().unwrap(), start));
    }
}
