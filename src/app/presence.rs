use model::{ChatState, ConversationSummary, Show};

use crate::{
    i18n::{gettext, gettext_f},
    time_words,
};

/// The style class of the dot at a face; empty for none.
pub fn style(show: Show) -> &'static str {
    match show {
        Show::Offline => "",
        Show::Away | Show::ExtendedAway => "away",
        Show::DoNotDisturb => "busy",
        Show::Available | Show::FreeForChat => "online",
    }
}

/// What a state is called.
pub fn name(show: Show) -> String {
    match show {
        Show::Offline => gettext("offline"),
        Show::Away => gettext("away"),
        Show::ExtendedAway => gettext("away for long"),
        Show::DoNotDisturb => gettext("do not disturb"),
        Show::Available => gettext("online"),
        Show::FreeForChat => gettext("free to chat"),
    }
}

/// What stands below the name in the header: what they do now, else what they say, else when
/// they were here. Nothing where nothing is known.
pub fn subtitle(summary: &ConversationSummary) -> String {
    if summary.chat_state == ChatState::Composing {
        return gettext("typing…");
    }
    let presence = &summary.presence;
    let status = presence.status.as_deref().map(str::trim).filter(|status| !status.is_empty());
    match (presence.show, status) {
        (Show::Offline, _) => presence.last_seen.map_or_else(String::new, |time| {
            gettext_f("last seen {time}", &[("time", &time_words::relative(time))])
        }),
        (Show::Away | Show::ExtendedAway, None) => presence.last_seen.map_or_else(
            || name(presence.show),
            |time| gettext_f("away since {time}", &[("time", &time_words::relative(time))]),
        ),
        (show, None) => name(show),
        (show, Some(status)) => {
            gettext_f("{presence} · {status}", &[("presence", &name(show)), ("status", status)])
        }
    }
}
