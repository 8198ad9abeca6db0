//! XEP-0082: dates and times.
//!
//! Only the `DateTime` profile (§3.2) and what old servers send for it (§4). A time outside the years
//! 1970 to 9999 is not believed: it would sort a message out of sight.

use std::str::FromStr;

use model::Timestamp;
use xmpp_parsers::date::DateTime;

/// The last time that four digits of year can write: 9999-12-31T23:59:59.999Z.
const LAST: i64 = 253_402_300_799_999;

/// Reads a time; `None` when it is none, or not one of our era.
#[must_use]
pub fn read(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if text.len() > 64 {
        return None;
    }
    let time = DateTime::from_str(text).ok()?.0.timestamp_millis();
    (0..=LAST).contains(&time).then_some(Timestamp(time))
}

/// Writes a time in UTC with milliseconds.
#[must_use]
pub fn write(time: Timestamp) -> String {
    let millis = time.0.clamp(0, LAST);
    let (days, rest) = (millis.div_euclid(86_400_000), millis.rem_euclid(86_400_000));
    let (year, month, day) = civil(days);
    let (hour, minute, second, milli) = (rest / 3_600_000, rest / 60_000 % 60, rest / 1000 % 60, rest % 1000);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z")
}

/// Year, month and day of a number of days since 1970-01-01, in the Gregorian calendar.
///
/// The year is counted from March, so that the leap day is its last.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_what_they_write() {
        for text in [
            "1970-01-01T00:00:00.000Z",
            "1999-12-31T23:59:59.999Z",
            "2000-02-29T12:00:00.001Z",
            "2026-11-02T08:09:10.000Z",
            "2100-03-01T00:00:00.000Z",
            "9999-12-31T23:59:59.999Z",
        ] {
            assert_eq!(write(read(text).unwrap()), text);
        }
    }

    #[test]
    fn offsets_are_taken_off() {
        assert_eq!(read("1969-07-21T02:56:15-05:00"), None, "before our era");
        assert_eq!(read("2002-09-10T23:08:25+02:00"), read("2002-09-10T21:08:25Z"));
    }

    #[test]
    fn nonsense_is_no_time() {
        for text in ["", "yesterday", "2002-13-10T23:08:25Z", "+99999-01-01T00:00:00Z", "20020910T23:08:25"] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(write(Timestamp(i64::MAX)), "9999-12-31T23:59:59.999Z");
        assert_eq!(write(Timestamp(-1)), "1970-01-01T00:00:00.000Z");
    }
}
