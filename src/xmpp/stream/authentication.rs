//! Choosing how to sign in, and not letting anybody else choose (RFC 6120 §6, XEP-0388,
//! XEP-0440, XEP-0474, XEP-0484).
//!
//! What was possible with this server before must stay possible: the pin of the last time is
//! compared with what is chosen now, before a single byte that depends on the password is sent.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use model::{Now, Timestamp};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::config::{Credentials, FastToken, StreamConfig};
use super::event::TlsFacts;
use super::failure::{Downgrade, StreamFailure};
use super::features::{SecurityPin, ServerFeatures};
use crate::sasl::{
    ChannelBinding, ChannelBindingUse, FastMechanism, Mechanism, Offer, SaslError, Scram, fast_response,
    fast_server_is_proven, plain,
};

/// One attempt to sign in.
#[derive(Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is one thing that was asked for")]
pub(super) struct Exchange {
    pub method: Method,
    /// Sent before the server's features were known.
    pub pipelined: bool,
    /// SASL2 (XEP-0388) or the older profile.
    pub sasl2: bool,
    /// Resumption was asked for inline.
    pub resume: bool,
    /// Carbons were asked for inline.
    pub carbons: bool,
    /// The mechanism a token was asked for.
    pub token_for: Option<FastMechanism>,
}

/// How an attempt proves who we are.
pub(super) enum Method {
    Scram(Box<Scram>),
    Plain(Zeroizing<Vec<u8>>),
    Fast { mechanism: FastMechanism, token: FastToken, binding: Option<ChannelBinding>, initial: Vec<u8> },
}

impl std::fmt::Debug for Method {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name())
    }
}

impl Method {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Scram(scram) => scram.mechanism().name(),
            Self::Plain(_) => Mechanism::Plain.name(),
            Self::Fast { mechanism, .. } => mechanism.name(),
        }
    }

    /// The mechanism, unless a token is used.
    pub(super) fn mechanism(&self) -> Option<Mechanism> {
        match self {
            Self::Scram(scram) => Some(scram.mechanism()),
            Self::Plain(_) => Some(Mechanism::Plain),
            Self::Fast { .. } => None,
        }
    }

    /// The first message, in base64.
    pub(super) fn initial(&self) -> Zeroizing<String> {
        Zeroizing::new(match self {
            Self::Scram(scram) => BASE64.encode(scram.initial()),
            Self::Plain(message) => BASE64.encode(message.as_slice()),
            Self::Fast { initial, .. } => BASE64.encode(initial),
        })
    }

    /// Answers a challenge, in base64.
    pub(super) fn respond(
        &mut self,
        challenge: &str,
        features: &ServerFeatures,
        sasl2: bool,
    ) -> Result<String, StreamFailure> {
        let Self::Scram(scram) = self else {
            return Err(StreamFailure::MechanismFailed("unexpected challenge"));
        };
        let mechanisms = match &features.sasl2 {
            Some(offer) if sasl2 => &offer.mechanisms,
            _ => &features.mechanisms,
        };
        let offer =
            Offer { mechanisms, channel_bindings: features.channel_bindings.as_deref().unwrap_or_default() };
        let challenge = decode(challenge)?;
        let response = scram.respond(&challenge, offer).map_err(failure_of)?;
        Ok(BASE64.encode(response))
    }

    /// Checks what came with the success: the server's own proof.
    pub(super) fn verify(&mut self, additional: Option<&str>) -> Result<(), StreamFailure> {
        // An empty message says nothing: `=` in the older profile (RFC 6120 §6.4.6).
        let additional = additional.map(decode).transpose()?.filter(|message| !message.is_empty());
        match self {
            Self::Plain(_) => Ok(()),
            Self::Scram(scram) => match additional {
                Some(message) => scram.verify(&message).map_err(failure_of),
                None if scram.server_is_proven() => Ok(()),
                None => Err(StreamFailure::ServerNotProven),
            },
            Self::Fast { token, binding, .. } => {
                let answer = additional.unwrap_or_default();
                if fast_server_is_proven(&token.token, binding.as_ref(), &answer) {
                    Ok(())
                } else {
                    Err(StreamFailure::ServerNotProven)
                }
            }
        }
    }
}

fn decode(text: &str) -> Result<Vec<u8>, StreamFailure> {
    match text.trim() {
        "" | "=" => Ok(Vec::new()),
        text => BASE64.decode(text).map_err(|_| StreamFailure::MechanismFailed("bad base64")),
    }
}

fn failure_of(error: SaslError) -> StreamFailure {
    match error {
        SaslError::Malformed => StreamFailure::MechanismFailed("malformed message"),
        SaslError::IterationCount => StreamFailure::MechanismFailed("iteration count"),
        SaslError::Server => StreamFailure::AuthRejected(None),
        SaslError::Signature => StreamFailure::ServerNotProven,
        SaslError::OfferForged => StreamFailure::Downgrade(Downgrade::OfferForged),
    }
}

/// What a choice is made from.
pub(super) struct Choice<'a> {
    pub config: &'a StreamConfig,
    pub credentials: &'a Credentials,
    pub features: &'a ServerFeatures,
    pub tls: &'a TlsFacts,
    /// Whether a token may be tried.
    pub allow_fast: bool,
    pub nonce: String,
}

impl Choice<'_> {
    /// Chooses: a token if there is a good one, else the best mechanism for the password.
    pub(super) fn make(self, now: Now) -> Result<Exchange, StreamFailure> {
        let Some(username) = self.config.address.node() else {
            return Err(StreamFailure::MechanismFailed("an address without a name"));
        };
        let sasl2 = self.features.sasl2.is_some();
        let mut exchange = Exchange {
            method: Method::Plain(Zeroizing::default()),
            pipelined: false,
            sasl2,
            resume: false,
            carbons: false,
            token_for: None,
        };
        if let Some(fast) = self.fast(username, now.wall) {
            exchange.method = fast;
            return Ok(exchange);
        }
        let offered = match &self.features.sasl2 {
            Some(offer) => &offer.mechanisms,
            None => &self.features.mechanisms,
        };
        let (mechanism, binding) = self.mechanism(offered)?;
        let Some(password) = &self.credentials.password else {
            return Err(StreamFailure::CredentialsNeeded);
        };
        exchange.token_for = self.token_to_ask_for(mechanism);
        exchange.method = match mechanism {
            Mechanism::Plain => Method::Plain(plain(username, password)),
            Mechanism::Scram { hash, .. } => {
                let scram = Scram::new(hash, username, password, self.nonce, binding);
                Method::Scram(Box::new(scram))
            }
        };
        Ok(exchange)
    }

    fn fast(&self, username: &str, wall: Timestamp) -> Option<Method> {
        let token = self.credentials.fast.as_ref()?;
        let offered = self.features.sasl2.as_ref()?.fast.as_ref()?;
        let usable = self.allow_fast && token.expires > wall && offered.contains(&token.mechanism);
        let mechanism = FastMechanism::parse(&token.mechanism).filter(|_| usable)?;
        let binding = self.fast_binding(mechanism).ok()?;
        let mut token = token.clone();
        token.count = token.count.saturating_add(1);
        Some(Method::Fast {
            mechanism,
            initial: fast_response(username, &token.token, binding.as_ref()),
            token,
            binding,
        })
    }

    /// What a token mechanism binds, if anything; an error if this link cannot bind it, or must
    /// not do without.
    fn fast_binding(&self, mechanism: FastMechanism) -> Result<Option<ChannelBinding>, ()> {
        let binding = match mechanism {
            FastMechanism::Exporter => self.tls.exporter.map(ChannelBinding::Exporter),
            FastMechanism::ServerEndPoint => {
                self.tls.server_end_point.clone().map(ChannelBinding::ServerEndPoint)
            }
            FastMechanism::Unbound => {
                let pinned = self.credentials.pin.as_ref().is_some_and(|pin| pin.channel_binding);
                return if pinned { Err(()) } else { Ok(None) };
            }
        };
        binding.map(Some).ok_or(())
    }

    /// The best token to ask for: bound to the channel, if signing in is.
    fn token_to_ask_for(&self, mechanism: Mechanism) -> Option<FastMechanism> {
        let offered = self.features.sasl2.as_ref()?.fast.as_ref()?;
        let announced = |name: &str| {
            self.features
                .channel_bindings
                .as_ref()
                .is_none_or(|bindings| bindings.iter().any(|binding| binding == name))
        };
        FastMechanism::ORDER.into_iter().find(|fast| {
            offered.iter().any(|name| name == fast.name())
                && match fast {
                    FastMechanism::Exporter => self.tls.exporter.is_some() && announced("tls-exporter"),
                    FastMechanism::ServerEndPoint => {
                        self.tls.server_end_point.is_some() && announced("tls-server-end-point")
                    }
                    FastMechanism::Unbound => !mechanism.binds_channel(),
                }
        })
    }

    /// The best mechanism for the password, and what it says about channel binding.
    fn mechanism(&self, offered: &[String]) -> Result<(Mechanism, ChannelBindingUse), StreamFailure> {
        let is_offered = |mechanism: Mechanism| offered.iter().any(|name| name == mechanism.name());
        let binding = self.channel_binding();
        let best = Mechanism::ORDER.into_iter().find(|mechanism| {
            is_offered(*mechanism)
                && (binding.is_some() || !mechanism.binds_channel())
                && (self.config.allow_plain || *mechanism != Mechanism::Plain)
        });
        self.check_pin(best)?;
        let Some(best) = best else {
            return Err(if is_offered(Mechanism::Plain) {
                StreamFailure::PlainNotAllowed
            } else {
                StreamFailure::NoUsableMechanism(offered.to_vec())
            });
        };
        let able = self.tls.exporter.is_some() || self.tls.server_end_point.is_some();
        let server_able =
            Mechanism::ORDER.into_iter().any(|mechanism| mechanism.binds_channel() && is_offered(mechanism));
        let used = match binding {
            Some(binding) if best.binds_channel() => ChannelBindingUse::Used(binding),
            _ if able && !server_able => ChannelBindingUse::NotOffered,
            _ => ChannelBindingUse::Unsupported,
        };
        Ok((best, used))
    }

    /// The best channel binding that both sides have (XEP-0440).
    fn channel_binding(&self) -> Option<ChannelBinding> {
        let exporter = self.tls.exporter.map(ChannelBinding::Exporter);
        let end_point = self.tls.server_end_point.clone().map(ChannelBinding::ServerEndPoint);
        let announced = self.features.channel_bindings.as_ref();
        [exporter, end_point].into_iter().flatten().find(|binding| {
            announced.is_none_or(|announced| announced.iter().any(|name| name == binding.name()))
        })
    }

    fn check_pin(&self, best: Option<Mechanism>) -> Result<(), StreamFailure> {
        let Some(pin) = &self.credentials.pin else {
            return Ok(());
        };
        check_pin(pin, best).map_err(StreamFailure::Downgrade)
    }
}

/// Compares what would be used with what was used before.
fn check_pin(pin: &SecurityPin, best: Option<Mechanism>) -> Result<(), Downgrade> {
    let binds = best.is_some_and(Mechanism::binds_channel);
    if pin.channel_binding && !binds {
        return Err(Downgrade::ChannelBindingGone);
    }
    // Binding the channel for the first time is worth more than a stronger hash.
    if binds && !pin.channel_binding {
        return Ok(());
    }
    let before = Mechanism::parse(&pin.mechanism).map_or(0, Mechanism::strength);
    if best.map_or(0, Mechanism::strength) < before {
        return Err(Downgrade::WeakerMechanism {
            before: pin.mechanism.clone(),
            now: best.map(|mechanism| mechanism.name().to_owned()),
        });
    }
    Ok(())
}

/// A fresh nonce, from randomness drawn when the stream was made.
pub(super) fn nonce(seed: &[u8; 32], number: u32) -> String {
    let bytes = match Hmac::<Sha256>::new_from_slice(seed) {
        Ok(mut mac) => {
            mac.update(&number.to_be_bytes());
            mac.finalize().into_bytes().to_vec()
        }
        Err(_) => seed.to_vec(),
    };
    BASE64.encode(bytes)
}
