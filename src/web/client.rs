//! Who sends a request, by address. Behind a web server of ours every connection comes
//! from that server; only what such a server adds to `X-Forwarded-For` is believed.
//! `Forwarded` (RFC 7239) is not read: a server that sets one of the two passes the other
//! on as the client wrote it, so that reading both would let the client choose.
//! The address is used and forgotten; never in here: what it is used for.

use std::net::IpAddr;

use actix_web::HttpRequest;
use ipnet::IpNet;

use crate::model::audit::Network;

/// Addresses of a header that are looked at, from the right.
const HOPS_MAX: usize = 10;
const X_FORWARDED_FOR: &str = "x-forwarded-for";

/// Networks whose servers are believed when they say for whom they ask.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    pub fn new(networks: Vec<IpNet>) -> Self {
        TrustedProxies(networks)
    }

    fn contain(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The client of a request: the peer, or where that is a server of ours, the last
    /// address before our servers that they name.
    pub fn client(&self, request: &HttpRequest) -> Option<IpAddr> {
        let peer = request.peer_addr()?.ip();
        let lists: Vec<&str> = request
            .headers()
            .get_all(X_FORWARDED_FOR)
            .filter_map(|value| value.to_str().ok())
            .collect();
        Some(self.before(peer, &lists))
    }

    /// The same by the peer's address and the lists of `X-Forwarded-For`, in order.
    pub fn before(&self, peer: IpAddr, lists: &[&str]) -> IpAddr {
        let peer = peer.to_canonical();
        if self.contain(peer) {
            self.behind(peer, lists)
        } else {
            peer
        }
    }

    /// The coarse network of the client, as an audit entry keeps it.
    pub fn network(&self, request: &HttpRequest) -> Option<Network> {
        self.client(request).map(Network::of)
    }

    /// The right-most address that is not one of our servers'. Where what they say
    /// cannot be read, it ends with the last one that could.
    fn behind(&self, peer: IpAddr, lists: &[&str]) -> IpAddr {
        let mut nearest = peer;
        let hops = lists.iter().rev().flat_map(|list| list.rsplit(','));
        for hop in hops.take(HOPS_MAX) {
            let Some(address) = parse(hop) else {
                return nearest;
            };
            nearest = address;
            if !self.contain(address) {
                return nearest;
            }
        }
        nearest
    }
}

/// An address, with a port or without: `192.0.2.1`, `192.0.2.1:80`, `[2001:db8::1]:80`.
fn parse(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim();
    let address = match hop.parse::<IpAddr>() {
        Ok(address) => address,
        Err(_) => match hop.parse::<std::net::SocketAddr>() {
            Ok(socket) => socket.ip(),
            Err(_) => hop.strip_prefix('[')?.strip_suffix(']')?.parse().ok()?,
        },
    };
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn client(trusted: &[&str], peer: &str, forwarded: &[&str]) -> String {
        let networks = trusted.iter().map(|text| text.parse().unwrap()).collect();
        let mut request = TestRequest::get().peer_addr(peer.parse().unwrap());
        for list in forwarded {
            request = request.append_header((X_FORWARDED_FOR, *list));
        }
        let client = TrustedProxies::new(networks).client(&request.to_http_request());
        client.unwrap().to_string()
    }

    #[test]
    fn a_forged_header_of_an_untrusted_peer_is_ignored() {
        let forged = ["198.51.100.9"];
        assert_eq!(client(&[], "127.0.0.1:9", &forged), "127.0.0.1");
        assert_eq!(client(&["10.0.0.0/8"], "192.0.2.1:9", &forged), "192.0.2.1");
    }

    #[test]
    fn the_right_most_untrusted_hop_is_the_client() {
        let trusted = ["127.0.0.0/8", "10.0.0.0/8"];
        let seen = |lists: &[&str]| client(&trusted, "127.0.0.1:9", lists);
        assert_eq!(seen(&["198.51.100.9"]), "198.51.100.9");
        // What the client itself wrote stands to the left of what our server adds.
        assert_eq!(seen(&["1.2.3.4, 198.51.100.9"]), "198.51.100.9");
        assert_eq!(seen(&["1.2.3.4, 198.51.100.9, 10.1.1.1"]), "198.51.100.9");
        assert_eq!(seen(&["1.2.3.4", "198.51.100.9"]), "198.51.100.9");
        assert_eq!(seen(&["[2001:db8::1]:443"]), "2001:db8::1");
        assert_eq!(seen(&["198.51.100.9:5000"]), "198.51.100.9");
    }

    #[test]
    fn forged_x_forwarded_for_the_other_header_is_no_way_around() {
        let request = TestRequest::get()
            .peer_addr("127.0.0.1:9".parse().unwrap())
            .append_header(("forwarded", "for=1.2.3.4"))
            .append_header((X_FORWARDED_FOR, "198.51.100.9"))
            .to_http_request();
        let trusted = TrustedProxies::new(vec!["127.0.0.0/8".parse().unwrap()]);
        assert_eq!(
            trusted.client(&request).unwrap().to_string(),
            "198.51.100.9"
        );
    }

    #[test]
    fn what_cannot_be_read_ends_the_chain() {
        let trusted = ["127.0.0.0/8"];
        let seen = |lists: &[&str]| client(&trusted, "127.0.0.1:9", lists);
        assert_eq!(seen(&[]), "127.0.0.1");
        assert_eq!(seen(&["198.51.100.9, unknown"]), "127.0.0.1");
        assert_eq!(seen(&["1.2.3.4, unknown, 127.0.0.2"]), "127.0.0.2");
        let many = vec!["127.0.0.3"; 1_000].join(",");
        assert_eq!(seen(&[&many]), "127.0.0.3");
    }
}
