//! Signing in from the client's side: no answer but that of somebody who knows the password proves the server.

use xmpp::sasl::{
    ChannelBinding, ChannelBindingUse, Offer, Scram, ScramHash, fast_server_is_proven, prepare,
};

use super::script::with_ids;

const PASSWORD: &str = "correct horse battery";
const NONCE: &str = "fyko+d2lbbFgONRv9qkxdawL";

/// The first byte chooses hash and binding, the rest is what the server says, message by message.
pub fn answer(input: &[u8]) {
    let Some((choice, messages)) = input.split_first() else { return };
    let hash = [ScramHash::Sha1, ScramHash::Sha256, ScramHash::Sha512][usize::from(choice % 3)];
    let binding = match choice / 3 % 4 {
        0 => ChannelBindingUse::Unsupported,
        1 => ChannelBindingUse::NotOffered,
        2 => ChannelBindingUse::Used(ChannelBinding::Exporter([7; 32])),
        _ => ChannelBindingUse::Used(ChannelBinding::ServerEndPoint(vec![7; 32])),
    };
    let mut scram = Scram::new(hash, "alice", PASSWORD, NONCE.to_owned(), binding.clone());
    let mechanisms = [scram.mechanism().name().to_owned()];
    let offer = Offer { mechanisms: &mechanisms, channel_bindings: &["tls-exporter".to_owned()] };
    for message in messages.split(|byte| *byte == 0xff).take(4) {
        let message = with_ids(message, &[NONCE.to_owned()]);
        if asks_for_much_work(&message) {
            return;
        }
        let _ = scram.respond(&message, offer);
        assert!(!scram.server_is_proven(), "proved by {}", String::from_utf8_lossy(&message));
        let bound = match &binding {
            ChannelBindingUse::Used(binding) => Some(binding),
            _ => None,
        };
        assert!(!fast_server_is_proven(PASSWORD, bound, &message));
        let _ = prepare(&String::from_utf8_lossy(&message));
    }
}

/// The work of many iterations is allowed, and would only cost time here.
fn asks_for_much_work(message: &[u8]) -> bool {
    let text = String::from_utf8_lossy(message);
    let count = text.split(',').find_map(|part| part.strip_prefix("i=")?.parse::<u64>().ok());
    count.is_some_and(|count| (4097..=1_000_000).contains(&count))
}
