//! The address a request comes from, for limits and the device list.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::request::Parts;

use crate::state::AppState;

/// Address of the client, as far as it can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

impl ClientAddress {
    /// What attempts are counted by: of IPv6 the /64, which one household or office holds whole.
    pub fn limited_by(self) -> String {
        match self.0.to_canonical() {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
        }
    }
}

impl FromRequestParts<AppState> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        let peer = peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        Ok(Self(forwarded(&parts.headers, state.config.proxies).unwrap_or(peer)))
    }
}

/// Each proxy appends whom it heard; only what our own proxies appended is believed.
fn forwarded(headers: &HeaderMap, proxies: usize) -> Option<IpAddr> {
    let steps: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .collect();
    let own = steps.len().checked_sub(proxies).filter(|_| proxies > 0)?;
    steps.get(own)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_our_own_proxies_say_is_believed() {
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", "1.1.1.1, 2.2.2.2, 3.3.3.3".parse().unwrap());
        let told = |proxies| forwarded(&headers, proxies).map(|address| address.to_string());
        assert_eq!(told(0), None);
        assert_eq!(told(1).as_deref(), Some("3.3.3.3"));
        assert_eq!(told(2).as_deref(), Some("2.2.2.2"));
        assert_eq!(told(4), None, "fewer steps than proxies: somebody came around them");
    }

    #[test]
    fn the_addresses_of_one_ipv6_network_share_a_limit() {
        let limit = |text: &str| ClientAddress(text.parse().unwrap()).limited_by();
        assert_eq!(limit("2001:db8:1:2::a"), limit("2001:db8:1:2:ffff::b"));
        assert_ne!(limit("2001:db8:1:2::a"), limit("2001:db8:1:3::a"));
        assert_eq!(limit("::ffff:10.0.0.7"), "10.0.0.7");
    }
}
