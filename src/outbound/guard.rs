//! The guard against being sent to call one's own network: a name that a customer gives
//! is called only at public addresses, and at the very address that was looked at.
//!
//! A [`PublicAddress`] is made here alone. It is made anew for every call, so that a name
//! which pointed elsewhere when it was saved is looked at again; the connection goes to
//! the address and never back to the name; nothing here follows a redirect.

use std::io::Read;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, ToSocketAddrs};
use std::time::Duration;

use ipnet::{Ipv4Net, Ipv6Net};

use crate::error::{Error, Kind, Result};

/// How long a connection may take to come about, and each read and write on it.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const TURN_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest answer that is read, in bytes.
pub const ANSWER_BYTES_MAX: u64 = 64 * 1_024;
/// Addresses of one name that are looked at.
const ADDRESSES_MAX: usize = 32;

const fn v4(a: u8, b: u8, c: u8, d: u8, bits: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), bits)
}

/// What is not the public network, of IANA's registry of special-purpose addresses
/// (<https://www.iana.org/assignments/iana-ipv4-special-registry>, RFC 6890). The
/// metadata services of providers stand in 169.254.0.0/16, 100.64.0.0/10 and 192.0.0.0/24.
const SPECIAL_V4: [Ipv4Net; 16] = [
    v4(0, 0, 0, 0, 8),
    v4(10, 0, 0, 0, 8),
    v4(100, 64, 0, 0, 10),
    v4(127, 0, 0, 0, 8),
    v4(169, 254, 0, 0, 16),
    v4(172, 16, 0, 0, 12),
    v4(192, 0, 0, 0, 24),
    v4(192, 0, 2, 0, 24),
    v4(192, 31, 196, 0, 24),
    v4(192, 52, 193, 0, 24),
    v4(192, 88, 99, 0, 24),
    v4(192, 168, 0, 0, 16),
    v4(198, 18, 0, 0, 15),
    v4(198, 51, 100, 0, 24),
    v4(203, 0, 113, 0, 24),
    v4(224, 0, 0, 0, 3),
];

/// Outside what is handed out for use (2000::/3) nothing is public; within it these are
/// not: protocol assignments with Teredo, documentation, 6to4, and addresses that carry
/// one of the old network.
const SPECIAL_V6: [Ipv6Net; 5] = [
    Ipv6Net::new_assert(Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    Ipv6Net::new_assert(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    Ipv6Net::new_assert(Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    Ipv6Net::new_assert(Ipv6Addr::new(0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0), 48),
    Ipv6Net::new_assert(Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

const GLOBAL_V6: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// Whether an address belongs to the public network. One that holds an address of the
/// old network inside (mapped, NAT64) lies outside 2000::/3 and is none.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => !SPECIAL_V4.iter().any(|network| network.contains(&v4)),
        IpAddr::V6(v6) => {
            GLOBAL_V6.contains(&v6) && !SPECIAL_V6.iter().any(|network| network.contains(&v6))
        }
    }
}

/// An address of the public network that may be called now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicAddress(SocketAddr);

fn refused() -> Error {
    Error::invalid(
        "This address does not lie on the public network. Name one that everybody reaches.",
    )
}

impl PublicAddress {
    /// Looks a host up and gives where it may be called. Asked when a customer saves the
    /// host, and again at every call.
    ///
    /// # Errors
    /// [`Kind::Invalid`] where it is not found, or where one of its addresses is not
    /// public: a name that points to both is made to slip through.
    pub fn look_up(host: &str, port: u16) -> Result<Vec<PublicAddress>> {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let found = (bare, port)
            .to_socket_addrs()
            .map_err(|error| Error::invalid("This host was not found").because(error))?;
        Self::all_of(found.take(ADDRESSES_MAX))
    }

    /// The addresses a name has, if every one of them is public.
    fn all_of(found: impl Iterator<Item = SocketAddr>) -> Result<Vec<PublicAddress>> {
        let addresses: Vec<PublicAddress> = found
            .map(|address| match is_public(address.ip()) {
                true => Ok(PublicAddress(address)),
                false => Err(refused()),
            })
            .collect::<Result<_>>()?;
        match addresses.is_empty() {
            true => Err(Error::invalid("This host was not found.")),
            false => Ok(addresses),
        }
    }

    /// Connects to this very address; each turn on the connection is bounded in time.
    ///
    /// # Errors
    /// [`Kind::Io`] where nobody answers in time.
    pub fn connect(self) -> Result<TcpStream> {
        connect(self.0)
    }
}

fn connect(address: SocketAddr) -> Result<TcpStream> {
    let failed = |error: std::io::Error| {
        Error::new(Kind::Io, "The other server did not answer").because(error)
    };
    let stream = TcpStream::connect_timeout(&address, CONNECT_TIMEOUT).map_err(failed)?;
    stream
        .set_read_timeout(Some(TURN_TIMEOUT))
        .and_then(|()| stream.set_write_timeout(Some(TURN_TIMEOUT)))
        .map_err(failed)?;
    Ok(stream)
}

/// What the other side answers, to its end.
///
/// # Errors
/// [`Kind::Invalid`] where it is longer than [`ANSWER_BYTES_MAX`], [`Kind::Io`] where it
/// breaks off.
pub fn read_answer(stream: impl Read) -> Result<Vec<u8>> {
    let mut answer = Vec::new();
    stream
        .take(ANSWER_BYTES_MAX + 1)
        .read_to_end(&mut answer)
        .map_err(|error| Error::new(Kind::Io, "The answer broke off").because(error))?;
    match answer.len() as u64 > ANSWER_BYTES_MAX {
        true => Err(Error::invalid("The other server's answer is too long.")),
        false => Ok(answer),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn addresses_of_ones_own_network_and_of_no_network_are_not_public() {
        for text in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.100.100.200",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.192",
            "192.0.2.1",
            "192.168.255.255",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "::7f00:1",
            "64:ff9b::7f00:1",
            "64:ff9b::808:808",
            "64:ff9b:1::a00:1",
            "100::1",
            "2001::1",
            "2001:10::1",
            "2001:db8::1",
            "2002:7f00:1::1",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_public(ip(text)), "{text}");
        }
    }

    #[test]
    fn addresses_of_the_public_network_are_public() {
        for text in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2606:4700:4700::1111",
            "2a00:1450:4001::200e",
        ] {
            assert!(is_public(ip(text)), "{text}");
        }
    }

    #[test]
    fn every_way_of_writing_this_machine_is_refused() {
        for host in [
            "localhost",
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f000001",
            "0177.0.0.1",
            "0",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "::ffff:7f00:1",
        ] {
            assert!(PublicAddress::look_up(host, 80).is_err(), "{host}");
        }
    }

    #[test]
    fn a_name_that_points_to_the_public_and_to_the_own_network_is_refused() {
        let both = ["1.1.1.1:443", "169.254.169.254:443"];
        let found = both.iter().map(|text| text.parse().unwrap());
        assert_eq!(
            PublicAddress::all_of(found).unwrap_err().kind(),
            Kind::Invalid
        );
        let public = ["1.1.1.1:443".parse().unwrap()];
        let found = PublicAddress::all_of(public.into_iter()).unwrap();
        assert_eq!(found, [PublicAddress(public[0])]);
        assert!(PublicAddress::all_of(std::iter::empty()).is_err());
    }

    #[test]
    fn a_connection_goes_to_the_address_that_was_looked_at() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = connect(listener.local_addr().unwrap()).unwrap();
        assert_eq!(
            listener.accept().unwrap().1,
            stream.local_addr().unwrap(),
            "no name is asked again"
        );
    }

    #[test]
    fn an_answer_without_end_is_not_read_to_its_end() {
        assert_eq!(
            read_answer(std::io::repeat(b'x')).unwrap_err().kind(),
            Kind::Invalid
        );
        let most = std::io::repeat(b'x').take(ANSWER_BYTES_MAX);
        assert_eq!(read_answer(most).unwrap().len() as u64, ANSWER_BYTES_MAX);
    }
}
