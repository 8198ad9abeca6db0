//! When things were said, in the words and the format of the person who reads.
//!
//! The clock of GNOME (`clock-format`) comes first, since people set it; where there is none the
//! locale says whether it knows a morning and an afternoon.

use std::{
    cell::RefCell,
    time::{Duration, Instant},
};

use gtk::{gio, glib, prelude::*};
use model::Timestamp;

use crate::i18n::gettext;

/// How the hours are counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Clock {
    /// 0 to 23.
    #[default]
    TwentyFour,
    /// 1 to 12, twice.
    Twelve,
}

impl Clock {
    /// What this person uses.
    pub fn of_this_desktop() -> Self {
        thread_local! {
            // Settings follow what changes; to make them anew for each time of day costs more than the words.
            static DESKTOP: Option<gio::Settings> = settings_with_clock();
        }
        let setting = DESKTOP.with(|settings| Some(settings.as_ref()?.string("clock-format")));
        let locale_has_halves = || {
            let noon = glib::DateTime::from_local(2026, 1, 1, 12, 0, 0.0);
            noon.and_then(|noon| noon.format("%p")).is_ok_and(|half| !half.is_empty())
        };
        match setting.as_deref() {
            Some("12h") => Self::Twelve,
            None if locale_has_halves() => Self::Twelve,
            _ => Self::TwentyFour,
        }
    }

    /// The time of day, such as 10:30.
    pub fn time(self, time: Timestamp) -> String {
        let format = match self {
            // Translators: a time of day with 24 hours, see g_date_time_format().
            Self::TwentyFour => gettext("%H:%M"),
            // Translators: a time of day with 12 hours, see g_date_time_format().
            Self::Twelve => gettext("%-I:%M %p"),
        };
        local(time).and_then(|time| time.format(&format).ok()).map_or_else(String::new, Into::into)
    }

    /// Date and time in full, for tooltips and details.
    pub fn date_and_time(self, time: Timestamp) -> String {
        // Translators: a date in full, see g_date_time_format().
        let date = local(time).and_then(|time| time.format(&gettext("%A, %-d %B %Y")).ok());
        format!("{} {}", date.unwrap_or_default(), self.time(time))
    }
}

fn settings_with_clock() -> Option<gio::Settings> {
    let schema = "org.gnome.desktop.interface";
    let found = gio::SettingsSchemaSource::default()?.lookup(schema, true)?;
    found.has_key("clock-format").then(|| gio::Settings::new(schema))
}

/// The name of a day, seen from today.
pub fn day(time: Timestamp, today: &glib::DateTime) -> String {
    let Some(then) = local(time) else { return String::new() };
    let format = match days(today) - days(&then) {
        0 => return gettext("Today"),
        1 => return gettext("Yesterday"),
        2..=6 => gettext("%A"),
        // Translators: a date of this year, see g_date_time_format().
        _ if then.year() == today.year() => gettext("%A, %-d %B"),
        // Translators: a date of another year, see g_date_time_format().
        _ => gettext("%-d %B %Y"),
    };
    then.format(&format).map_or_else(|_| String::new(), Into::into)
}

/// The number of a local day: equal for times of one day.
pub fn day_number(time: Timestamp) -> i64 {
    local(time).map_or(0, |time| days(&time))
}

/// How long the zone of this device is believed to be the same.
const SAME_ZONE: Duration = Duration::from_secs(1);

/// A moment, where this device is.
pub fn local(time: Timestamp) -> Option<glib::DateTime> {
    thread_local! {
        // GLib looks at the file system for each local time, and a history shows many at once.
        static ZONE: RefCell<Option<(Instant, glib::TimeZone)>> = const { RefCell::new(None) };
    }
    let zone = ZONE.with_borrow_mut(|known| match known {
        Some((since, zone)) if since.elapsed() < SAME_ZONE => zone.clone(),
        _ => known.insert((Instant::now(), glib::TimeZone::local())).1.clone(),
    });
    glib::DateTime::from_unix_utc(time.0.div_euclid(1000)).and_then(|time| time.to_timezone(&zone)).ok()
}

fn days(time: &glib::DateTime) -> i64 {
    (time.to_unix() + time.utc_offset().as_seconds()).div_euclid(24 * 60 * 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(year: i32, month: i32, day: i32, hour: i32, minute: i32) -> Timestamp {
        let time = glib::DateTime::from_local(year, month, day, hour, minute, 0.0).unwrap();
        Timestamp(time.to_unix() * 1000)
    }

    #[test]
    fn a_time_of_day_has_two_forms() {
        let time = at(2026, 3, 5, 16, 7);
        assert_eq!(Clock::TwentyFour.time(time), "16:07");
        assert_eq!(Clock::Twelve.time(time), "4:07 PM");
    }

    #[test]
    fn days_are_named_from_today() {
        let today = glib::DateTime::from_local(2026, 3, 5, 0, 10, 0.0).unwrap();
        let table = [
            (at(2026, 3, 5, 0, 1), "Today"),
            (at(2026, 3, 4, 23, 59), "Yesterday"),
            (at(2026, 3, 3, 12, 0), "Tuesday"),
            (at(2026, 2, 1, 12, 0), "Sunday, 1 February"),
            (at(2024, 2, 29, 12, 0), "29 February 2024"),
            // A clock that is ahead of ours.
            (at(2026, 3, 6, 12, 0), "Friday, 6 March"),
        ];
        for (time, name) in table {
            assert_eq!(day(time, &today), name);
        }
    }

    #[test]
    fn absurd_times_have_no_name_and_do_no_harm() {
        assert_eq!(day(Timestamp(i64::MAX), &glib::DateTime::now_local().unwrap()), "");
        assert_eq!(Clock::TwentyFour.time(Timestamp(i64::MIN)), "");
        assert_eq!(day_number(Timestamp(i64::MAX)), 0);
    }
}
