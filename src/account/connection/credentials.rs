//! What signing in takes, between the database and the stream.

use model::Timestamp;
use xmpp::{Credentials, FastToken, Online, Purpose, RememberedFeatures, SecurityPin, StreamConfig};

use crate::{Error, turn::Turn};

/// The fact that names this account on this device to its server (XEP-0388 §2.3).
const USER_AGENT: &str = "user-agent-id";

/// What a stream is made with. `unprejudiced` leaves out what was remembered of the server's offer.
pub fn load(turn: &mut Turn<'_, '_>, unprejudiced: bool) -> Result<(StreamConfig, Credentials), Error> {
    let Some(profile) = turn.tx.reads().account()? else { return Err(Error::NoAccount) };
    let stored = turn.tx.reads().credentials()?;
    let config = StreamConfig {
        address: turn.state.own.bare.clone(),
        resource_hint: turn.state.setup.software_name.clone(),
        user_agent_id: user_agent_id(turn)?,
        software: turn.state.setup.software_name.clone(),
        device: turn.state.setup.device_name.clone(),
        lang: turn.state.setup.lang.clone(),
        allow_plain: profile.settings.allow_plain,
        purpose: Purpose::SignIn,
    };
    let now = turn.now.wall;
    let fast =
        stored.fast.filter(|fast| fast.expires.is_none_or(|expires| expires > now)).map(|fast| FastToken {
            mechanism: fast.mechanism,
            token: fast.token,
            count: fast.count,
            expires: fast.expires.unwrap_or(Timestamp(i64::MAX)),
        });
    let credentials = Credentials {
        password: stored.password,
        fast,
        pin: stored.pin.as_deref().and_then(decode_pin),
        remembered: stored
            .features
            .filter(|_| !unprejudiced)
            .and_then(|bytes| RememberedFeatures::decode(std::str::from_utf8(&bytes).ok()?)),
    };
    Ok((config, credentials))
}

/// Keeps a token, or forgets it.
pub fn keep_token(turn: &mut Turn<'_, '_>, token: Option<&FastToken>) -> Result<(), Error> {
    let token = token.map(|token| store::FastToken {
        mechanism: token.mechanism.clone(),
        token: token.token.clone(),
        count: token.count,
        expires: Some(token.expires),
    });
    Ok(turn.tx.set_fast_token(token.as_ref())?)
}

/// Keeps how often the token was used. It leaves only after the commit, so no number is used twice.
pub fn keep_count(turn: &mut Turn<'_, '_>, count: u32) -> Result<(), Error> {
    let Some(mut token) = turn.tx.reads().credentials()?.fast else { return Ok(()) };
    token.count = count;
    Ok(turn.tx.set_fast_token(Some(&token))?)
}

/// Keeps how the server is protected and what it offers.
pub fn keep_server(turn: &mut Turn<'_, '_>, online: &Online) -> Result<(), Error> {
    let mut stored = turn.tx.reads().credentials()?;
    let pin = Some(encode_pin(&online.pin));
    let features = Some(online.remembered.encode().into_bytes());
    if stored.pin != pin || stored.features != features {
        stored.pin = pin;
        stored.features = features;
        turn.tx.set_credentials(&stored)?;
    }
    Ok(())
}

fn user_agent_id(turn: &mut Turn<'_, '_>) -> Result<String, Error> {
    if let Some(id) = turn.tx.reads().fact(USER_AGENT)?.and_then(|bytes| String::from_utf8(bytes).ok()) {
        return Ok(id);
    }
    let id = turn.new_uuid();
    turn.tx.set_fact(USER_AGENT, Some(id.as_bytes()))?;
    Ok(id)
}

fn encode_pin(pin: &SecurityPin) -> Vec<u8> {
    format!("1 {} {}", u8::from(pin.channel_binding), pin.mechanism).into_bytes()
}

fn decode_pin(bytes: &[u8]) -> Option<SecurityPin> {
    let mut words = std::str::from_utf8(bytes).ok()?.splitn(3, ' ');
    if words.next() != Some("1") {
        return None;
    }
    let channel_binding = words.next()? == "1";
    Some(SecurityPin { mechanism: words.next()?.to_owned(), channel_binding })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_reads_what_it_writes() {
        for mechanism in ["", "SCRAM-SHA-512"] {
            for channel_binding in [false, true] {
                let pin = SecurityPin { mechanism: mechanism.to_owned(), channel_binding };
                assert_eq!(decode_pin(&encode_pin(&pin)), Some(pin));
            }
        }
        assert_eq!(decode_pin(b"2 1 x"), None);
    }
}
