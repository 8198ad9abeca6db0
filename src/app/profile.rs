use std::path::PathBuf;

use gtk::glib;

use crate::APP_ID;

/// One of several independent Starlings on the same desktop: `--profile NAME`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    name: String,
}

impl Default for Profile {
    fn default() -> Self {
        Self { name: DEFAULT.to_owned() }
    }
}

const DEFAULT: &str = "default";

impl Profile {
    /// A profile's name becomes part of a folder and of a name on the bus: letters, digits, `-` and `_`.
    pub fn named(name: &str) -> Option<Self> {
        let fits = (1..=32).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        fits.then(|| Self { name: name.to_owned() })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn is_default(&self) -> bool {
        self.name == DEFAULT
    }

    /// Each profile is an application of its own, so that a second one does not raise the first.
    pub fn application_id(&self) -> String {
        if self.is_default() { APP_ID.to_owned() } else { format!("{APP_ID}.Profile.p{}", self.name) }
    }

    /// Where its accounts are. `STARLING_DATA` puts them elsewhere: tests bring their own folder.
    pub fn data_folder(&self) -> PathBuf {
        std::env::var_os("STARLING_DATA")
            .filter(|folder| !folder.is_empty())
            .map_or_else(|| glib::user_data_dir().join("starling"), PathBuf::from)
            .join(&self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_folder() {
        assert!(Profile::named("work").is_some());
        assert!(Profile::named("../../x").is_none());
        assert!(Profile::named("").is_none());
        assert!(Profile::named(&"a".repeat(33)).is_none());
    }

    #[test]
    fn every_profile_has_a_valid_application_id() {
        for name in ["default", "work", "2nd", "-x"] {
            let id = Profile::named(name).expect("the name fits").application_id();
            assert!(gtk::gio::Application::id_is_valid(&id), "{id}");
        }
    }
}
