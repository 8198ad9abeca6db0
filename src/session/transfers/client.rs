//! Speaking HTTP, as files need it: TLS as the account trusts it, no proxies, no cookies, nothing followed to where it
//! must not lead.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use account::Trouble;
use model::TransferFailure;
use reqwest::{
    StatusCode, Url,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect::Policy,
};

use super::address::{is_public, may_be_visited};
use crate::tls::Trust;

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(20);
/// How long a server may say nothing.
const SILENCE: Duration = Duration::from_secs(60);
/// So often a server may point elsewhere.
const MOST_REDIRECTS: usize = 4;

/// Who the account is on the network.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// Its domain.
    pub(crate) domain: String,
    /// A server named by hand.
    pub(crate) server: Option<String>,
    /// Authorities to trust besides the system's.
    pub(crate) extra_authorities: Option<PathBuf>,
}

/// Speaks HTTP. Cheap to clone.
#[derive(Clone)]
pub(super) struct Client {
    http: reqwest::Client,
    /// Says nothing of how long the server may be silent: it is, while it is sent to.
    uploads: reqwest::Client,
    private_allowed: bool,
}

impl Client {
    /// `None` if there is no TLS to be had; it was logged.
    pub(super) async fn new(place: &Place) -> Option<Self> {
        // Whoever has their own server in their own network has their files there.
        let private_allowed = is_at_home(place).await;
        let (domain, authorities) = (place.domain.clone(), place.extra_authorities.clone());
        let config =
            tokio::task::spawn_blocking(move || Trust::load(&domain, authorities.as_deref())?.for_files());
        let config = match config.await {
            Ok(Ok(config)) => config,
            Ok(Err(failure)) => {
                tracing::warn!(%failure, "no files can be sent or fetched");
                return None;
            }
            Err(_) => return None,
        };
        let careful = || {
            reqwest::Client::builder()
                .tls_backend_preconfigured(config.clone())
                .https_only(true)
                .no_proxy()
                .referer(false)
                .connect_timeout(CONNECT)
                .pool_max_idle_per_host(1)
                .dns_resolver(Careful { private_allowed })
                .redirect(Policy::custom(move |attempt| {
                    if attempt.previous().len() > MOST_REDIRECTS
                        || !may_be_visited(attempt.url(), private_allowed)
                    {
                        attempt.error(UnsafePlace)
                    } else {
                        attempt.follow()
                    }
                }))
        };
        match (careful().read_timeout(SILENCE).build(), careful().build()) {
            (Ok(http), Ok(uploads)) => Some(Self { http, uploads, private_allowed }),
            (Err(error), _) | (_, Err(error)) => {
                tracing::error!(%error, "no client for files");
                None
            }
        }
    }

    /// Whoever sends this looks after the time.
    pub(super) fn put(&self, address: &str) -> Result<reqwest::RequestBuilder, Trouble> {
        Ok(self.uploads.put(self.checked(address)?))
    }

    pub(super) fn get(&self, address: &str) -> Result<reqwest::RequestBuilder, Trouble> {
        Ok(self.http.get(self.checked(address)?))
    }

    fn checked(&self, address: &str) -> Result<Url, Trouble> {
        let url = Url::parse(address).ok().filter(|url| may_be_visited(url, self.private_allowed));
        url.ok_or(Trouble::Lasting(TransferFailure::UnsafePlace))
    }
}

/// What an answer that is none of success means.
pub(super) fn refused(status: StatusCode) -> Trouble {
    match status {
        StatusCode::NOT_FOUND | StatusCode::GONE => Trouble::Lasting(TransferFailure::Expired),
        StatusCode::PAYLOAD_TOO_LARGE => Trouble::Lasting(TransferFailure::TooLarge(0)),
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => Trouble::Passing,
        status if status.is_server_error() => Trouble::Passing,
        _ => Trouble::Lasting(TransferFailure::Refused),
    }
}

/// What it means that no answer came.
pub(super) fn broken(error: &reqwest::Error) -> Trouble {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(inner) = cause {
        if inner.is::<UnsafePlace>() {
            return Trouble::Lasting(TransferFailure::UnsafePlace);
        }
        cause = inner.source();
    }
    // Without the address, which may be a secret.
    tracing::info!(connect = error.is_connect(), timeout = error.is_timeout(), "a file did not get through");
    Trouble::Passing
}

/// A place that must not be visited.
#[derive(Debug)]
struct UnsafePlace;

impl std::fmt::Display for UnsafePlace {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a place that must not be visited")
    }
}

impl std::error::Error for UnsafePlace {}

/// Finds the addresses of names, but for those that must not be visited.
struct Careful {
    private_allowed: bool,
}

impl Resolve for Careful {
    fn resolve(&self, name: Name) -> Resolving {
        let private_allowed = self.private_allowed;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> =
                found.filter(|address| private_allowed || is_public(address.ip())).collect();
            if allowed.is_empty() {
                return Err(UnsafePlace.into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

/// Whether the account's own server is at a private address.
async fn is_at_home(place: &Place) -> bool {
    let host = place.server.as_deref().unwrap_or(&place.domain);
    match tokio::net::lookup_host((host, 0)).await {
        Ok(mut addresses) => addresses.any(|address| !is_public(address.ip())),
        Err(_) => false,
    }
}
