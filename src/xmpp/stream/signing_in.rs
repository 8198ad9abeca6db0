//! Sending what proves who we are, and reading the answer (RFC 6120 §6.4, XEP-0388).

use std::fmt::Write as _;

use minidom::Element;
use model::{ConnectionStep, Now};
use zeroize::Zeroizing;

use super::Stream;
use super::authentication::{Choice, Exchange, Method, nonce};
use super::config::FastToken;
use super::event::{ArchiveHint, StreamEvent};
use super::failure::{Step, StreamFailure};
use super::features::{
    NS_BIND2, NS_CARBONS, NS_CSI, NS_FAST, NS_MAM, NS_SASL, NS_SASL2, NS_SM, Sasl2Offer, ServerFeatures,
};
use super::negotiation::STEP;
use super::state::{Phase, State};
use crate::stanza::{StanzaError, words_for_people};
use crate::xep_0082_date;
use crate::xml::{NS_CLIENT, escape};

/// A token, then the password, then once more on what the features really say.
const ATTEMPTS: u8 = 3;
/// Tokens are short; what is longer is nothing to be kept.
const TOKEN_LIMIT: usize = 4096;

impl Stream {
    /// Signs in on what the server offered last time, before it says what it offers now.
    pub(super) fn sign_in_early(&mut self, now: Now) {
        let Some(remembered) = self.credentials.remembered.take() else {
            return;
        };
        if !remembered.is_useful() {
            return;
        }
        let features = ServerFeatures {
            sasl2: Some(remembered.offer),
            channel_bindings: remembered.channel_bindings,
            ..ServerFeatures::default()
        };
        // Whatever stands in the way is judged again when the features are here.
        if let Ok(mut exchange) = self.choose(&features, now) {
            exchange.pipelined = true;
            self.authenticate(exchange, &features);
        }
    }

    /// Signs in on what the server offers.
    pub(super) fn sign_in(&mut self, now: Now) {
        self.attempts += 1;
        let features = std::mem::take(&mut self.features);
        let choice = self.choose(&features, now);
        match choice {
            Ok(exchange) => self.authenticate(exchange, &features),
            Err(failure) => self.fail(failure),
        }
        self.features = features;
        if !self.state.is_over() {
            self.state = State::Authenticating;
            self.await_step(Step::Authentication, STEP);
        }
    }

    fn choose(&mut self, features: &ServerFeatures, now: Now) -> Result<Exchange, StreamFailure> {
        self.drawn += 1;
        Choice {
            config: &self.config,
            credentials: &self.credentials,
            features,
            // There is TLS by now; if not, nothing can be bound to it.
            tls: self.tls.as_ref().unwrap_or(&super::TlsFacts::default()),
            allow_fast: !self.token_refused,
            nonce: nonce(&self.seed, self.drawn),
        }
        .make(now)
    }

    fn authenticate(&mut self, mut exchange: Exchange, features: &ServerFeatures) {
        if let Method::Fast { token, .. } = &exchange.method {
            let count = token.count;
            if let Some(kept) = &mut self.credentials.fast {
                kept.count = count;
            }
            self.emit(StreamEvent::FastCounter(count));
        }
        let text = match &features.sasl2 {
            Some(offer) => self.sasl2_request(&mut exchange, offer),
            None => sasl_request(&exchange.method),
        };
        self.write(&text);
        self.exchange = Some(exchange);
    }

    /// `<authenticate/>` with everything that can be had in the same round trip.
    fn sasl2_request(&self, exchange: &mut Exchange, offer: &Sasl2Offer) -> Zeroizing<String> {
        // Room for all of it, so that no copy of the password is left behind by growing.
        let mut out = Zeroizing::new(String::with_capacity(8192));
        out.push_str("<authenticate xmlns='");
        out.push_str(NS_SASL2);
        out.push_str("' mechanism='");
        out.push_str(exchange.method.name());
        out.push_str("'><initial-response>");
        out.push_str(&exchange.method.initial());
        out.push_str("</initial-response>");
        let _ = write!(
            out,
            "<user-agent id='{}'><software>{}</software><device>{}</device></user-agent>",
            escape(&self.config.user_agent_id),
            escape(&self.config.software),
            escape(&self.config.device)
        );
        if let (true, Some(resumption)) = (offer.resume, &self.resumption) {
            exchange.resume = true;
            let _ = write!(
                out,
                "<resume xmlns='{NS_SM}' h='{}' previd='{}'/>",
                resumption.management.handled(),
                escape(&resumption.id)
            );
        }
        if offer.bind2.is_some() {
            exchange.carbons = offer.binds_inline(NS_CARBONS);
            let _ = write!(out, "<bind xmlns='{NS_BIND2}'><tag>{}</tag>", escape(&self.config.resource_hint));
            if exchange.carbons {
                let _ = write!(out, "<enable xmlns='{NS_CARBONS}'/>");
            }
            if offer.binds_inline(NS_SM) {
                let _ = write!(out, "<enable xmlns='{NS_SM}' resume='true'/>");
            }
            if offer.binds_inline(NS_CSI) && !self.active {
                let _ = write!(out, "<inactive xmlns='{NS_CSI}'/>");
            }
            out.push_str("</bind>");
        }
        if let Some(fast) = exchange.token_for {
            let _ = write!(out, "<request-token xmlns='{NS_FAST}' mechanism='{}'/>", fast.name());
        }
        if let Method::Fast { token, .. } = &exchange.method {
            let _ = write!(out, "<fast xmlns='{NS_FAST}' count='{}'/>", token.count);
        }
        out.push_str("</authenticate>");
        out
    }

    pub(super) fn authentication_answered(&mut self, element: &Element, now: Now) {
        let Some(mut exchange) = self.exchange.take() else {
            return;
        };
        let namespace = if exchange.sasl2 { NS_SASL2 } else { NS_SASL };
        if !element.has_ns(namespace) {
            self.exchange = Some(exchange);
            return;
        }
        match element.name() {
            "challenge" => {
                let response = exchange.method.respond(&element.text(), &self.features, exchange.sasl2);
                match response {
                    Ok(response) => {
                        self.write(&format!("<response xmlns='{namespace}'>{response}</response>"));
                        self.exchange = Some(exchange);
                        self.await_step(Step::Authentication, STEP);
                    }
                    Err(failure) => self.fail(failure),
                }
            }
            "success" if exchange.sasl2 => self.signed_in_by_sasl2(exchange, element),
            "success" => self.signed_in_by_sasl(exchange, element),
            "failure" => self.signing_in_failed(&exchange, element, now),
            "continue" => {
                let tasks = element.get_child("tasks", NS_SASL2).map_or_else(Vec::new, |tasks| {
                    let names = tasks.children().take(8);
                    names.filter_map(|task| words_for_people(&task.text())).collect()
                });
                self.fail(StreamFailure::FurtherStepRequired(tasks));
            }
            _ => self.exchange = Some(exchange),
        }
    }

    fn signing_in_failed(&mut self, exchange: &Exchange, failure: &Element, now: Now) {
        let condition = failure
            .children()
            .find(|child| !matches!(child.name(), "text" | "additional-data"))
            .map_or("not-authorized", Element::name);
        let text = failure
            .children()
            .find(|child| child.name() == "text")
            .and_then(|text| words_for_people(&text.text()));
        let unsuitable = matches!(
            condition,
            "invalid-mechanism" | "malformed-request" | "mechanism-too-weak" | "incorrect-encoding"
        );
        let try_again = if let Method::Fast { .. } = exchange.method {
            self.token_refused = true;
            if !unsuitable && condition != "temporary-auth-failure" {
                self.credentials.fast = None;
                self.emit(StreamEvent::FastTokenRejected);
            }
            true
        } else {
            // What was remembered may have misled us; the features are known now.
            exchange.pipelined && unsuitable
        };
        if try_again && self.attempts < ATTEMPTS {
            self.sign_in(now);
            return;
        }
        self.fail(match condition {
            "account-disabled" => StreamFailure::AccountDisabled(text),
            "credentials-expired" => StreamFailure::CredentialsExpired(text),
            "temporary-auth-failure" | "aborted" => StreamFailure::TemporaryAuthFailure(text),
            "encryption-required" => StreamFailure::NoEncryptionOffered,
            "invalid-mechanism" | "mechanism-too-weak" => {
                StreamFailure::MechanismFailed("refused by the server")
            }
            "malformed-request" | "incorrect-encoding" | "invalid-authzid" => {
                StreamFailure::MechanismFailed("not understood by the server")
            }
            _ => StreamFailure::AuthRejected(text),
        });
    }

    /// Raises the pin and takes note of it; nothing else is kept of the attempt.
    fn proven(&mut self, exchange: &Exchange) {
        self.token_refused = false;
        let pin = self.credentials.pin.take().unwrap_or_default();
        self.credentials.pin = Some(match exchange.method.mechanism() {
            Some(mechanism) => pin.raised_by(mechanism),
            None => pin,
        });
    }

    fn signed_in_by_sasl(&mut self, mut exchange: Exchange, success: &Element) {
        if let Err(failure) = exchange.method.verify(Some(&success.text())) {
            self.fail(failure);
            return;
        }
        self.proven(&exchange);
        self.emit(StreamEvent::Progress(ConnectionStep::Binding));
        self.new_parser();
        self.open(Phase::SignedIn);
    }

    fn signed_in_by_sasl2(&mut self, mut exchange: Exchange, success: &Element) {
        let additional = success.get_child("additional-data", NS_SASL2).map(Element::text);
        if let Err(failure) = exchange.method.verify(additional.as_deref()) {
            self.fail(failure);
            return;
        }
        self.proven(&exchange);
        self.keep_token(&exchange, success);
        self.emit(StreamEvent::Progress(ConnectionStep::Binding));
        if let Some(resumed) = success.get_child("resumed", NS_SM).filter(|_| exchange.resume) {
            self.resumed(resumed);
            return;
        }
        if let Some(failed) = success.get_child("failed", NS_SM).filter(|_| exchange.resume) {
            self.resume_failed(Some(failed));
        }
        if let Some(bound) = success.get_child("bound", NS_BIND2) {
            self.bound_inline(&exchange, success, bound);
        } else if let Some(failed) = success.get_child("failed", NS_BIND2) {
            let error = StanzaError::read(failed.get_child("error", NS_CLIENT));
            let condition = error.condition;
            let text = error.text;
            self.fail(StreamFailure::BindRefused { condition, text });
        } else {
            self.state = State::AwaitingFeatures(Phase::SignedIn);
            self.await_step(Step::Features, STEP);
        }
    }

    /// A new token, if one came (XEP-0484 §3.5).
    fn keep_token(&mut self, exchange: &Exchange, success: &Element) {
        let mechanism = match (&exchange.method, exchange.token_for) {
            (Method::Fast { mechanism, .. }, _) => *mechanism,
            (_, Some(mechanism)) => mechanism,
            _ => return,
        };
        let Some(token) = success.get_child("token", NS_FAST) else {
            return;
        };
        let (Some(secret), Some(expires)) =
            (token.attr("token"), token.attr("expiry").and_then(xep_0082_date::read))
        else {
            return;
        };
        if secret.is_empty() || secret.len() > TOKEN_LIMIT {
            return;
        }
        self.emit(StreamEvent::FastToken(FastToken {
            mechanism: mechanism.name().to_owned(),
            token: Zeroizing::new(secret.to_owned()),
            count: 0,
            expires,
        }));
    }

    /// `<bound/>` (XEP-0386 §3.2).
    fn bound_inline(&mut self, exchange: &Exchange, success: &Element, bound: &Element) {
        let address = success
            .get_child("authorization-identifier", NS_SASL2)
            .and_then(|address| address.text().trim().parse().ok());
        let Some(address) = address else {
            self.fail(StreamFailure::Malformed("no address was bound"));
            return;
        };
        self.bound = Some(address);
        self.carbons = exchange.carbons && !bound.has_child("failed", NS_CARBONS);
        self.archive_hint = bound
            .get_child("metadata", NS_MAM)
            .and_then(|metadata| metadata.get_child("end", NS_MAM))
            .and_then(|end| {
                Some(ArchiveHint {
                    id: end.attr("id")?.to_owned(),
                    time: end.attr("timestamp").and_then(xep_0082_date::read),
                })
            });
        self.drop_resumption();
        if let Some(enabled) = bound.get_child("enabled", NS_SM) {
            self.enabled(enabled);
        }
        // The server was told with the request.
        self.active_told = self.active;
        self.settle();
    }
}

/// `<auth/>` (RFC 6120 §6.4.2).
fn sasl_request(method: &Method) -> Zeroizing<String> {
    let initial = method.initial();
    let initial = if initial.is_empty() { "=" } else { &initial };
    Zeroizing::new(format!("<auth xmlns='{NS_SASL}' mechanism='{}'>{initial}</auth>", method.name()))
}
