use gtk::glib;
use model::Timestamp;

use crate::{
    history::{Clock, day_number, local},
    i18n::{gettext, gettext_f},
};

/// What the clock says.
pub fn now() -> Timestamp {
    Timestamp(glib::real_time() / 1000)
}

/// A moment in a narrow column: the time today, the day this week, else the date.
pub fn short(time: Timestamp) -> String {
    if time.0 <= 0 {
        return String::new();
    }
    match days_ago(time) {
        Some(0) => Clock::of_this_desktop().time(time),
        Some(1) => gettext("Yesterday"),
        // Translators: the short name of a day of the week, see g_date_time_format().
        Some(2..=6) => format(time, &gettext("%a")),
        // Translators: a short date of this year, see g_date_time_format().
        Some(7..=180) => format(time, &gettext("%-d %b")),
        // The locale's own short form, with the year.
        _ => date(time),
    }
}

/// A moment within a sentence: `at 10:30`, `yesterday at 10:30`, `on 3 May`.
pub fn relative(time: Timestamp) -> String {
    let clock = Clock::of_this_desktop().time(time);
    match days_ago(time) {
        Some(0) => gettext_f("at {time}", &[("time", &clock)]),
        Some(1) => gettext_f("yesterday at {time}", &[("time", &clock)]),
        _ => gettext_f("on {date}", &[("date", &short(time))]),
    }
}

fn days_ago(time: Timestamp) -> Option<i64> {
    Some(day_number(now()) - day_number(time)).filter(|days| *days >= 0)
}

fn format(time: Timestamp, format: &str) -> String {
    local(time).and_then(|time| time.format(format).ok()).map(Into::into).unwrap_or_default()
}

/// A day, as the locale writes it.
pub fn date(time: Timestamp) -> String {
    format(time, "%x")
}

/// A moment to come: the time today, else day and time.
pub fn until(time: Timestamp) -> String {
    let clock = Clock::of_this_desktop().time(time);
    if day_number(now()) == day_number(time) {
        clock
    } else {
        gettext_f("{date}, {time}", &[("date", &date(time)), ("time", &clock)])
    }
}
