pub use gettextrs::{gettext, ngettext};

/// Where Meson installs translations; a plain `cargo build` looks in the usual place.
const LOCALE_DIR: &str = match option_env!("STARLING_LOCALEDIR") {
    Some(folder) => folder,
    None => "/usr/share/locale",
};
const DOMAIN: &str = "starling";

/// Finds the translations. GTK itself sets the locale when it starts.
pub fn init() {
    let bound = gettextrs::bindtextdomain(DOMAIN, LOCALE_DIR)
        .map(|_| ())
        .and_then(|()| gettextrs::bind_textdomain_codeset(DOMAIN, "UTF-8").map(|_| ()))
        .and_then(|()| gettextrs::textdomain(DOMAIN).map(|_| ()));
    if let Err(error) = bound {
        tracing::warn!(%error, "no translations");
    }
}

/// A translated sentence with named holes: `gettext_f("{name} is typing…", &[("name", &name)])`.
pub fn gettext_f(text: &str, holes: &[(&str, &str)]) -> String {
    fill(&gettext(text), holes)
}

/// The same, by number. `{n}` is the number itself.
pub fn ngettext_f(one: &str, many: &str, n: u32, holes: &[(&str, &str)]) -> String {
    let number = n.to_string();
    let mut all = vec![("n", number.as_str())];
    all.extend_from_slice(holes);
    fill(&ngettext(one, many, n), &all)
}

/// Fills every hole in one pass, so that what fills one is never searched for another.
fn fill(text: &str, holes: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let hole = after.split_once('}').and_then(|(name, after)| {
            holes.iter().find(|(hole, _)| *hole == name).map(|(_, value)| (*value, after))
        });
        if let Some((value, after)) = hole {
            filled.push_str(value);
            rest = after;
        } else {
            filled.push('{');
            rest = after;
        }
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
mod tests {
    use super::fill;

    #[test]
    fn holes_are_filled_once() {
        assert_eq!(fill("{a} and {b}", &[("a", "{b}"), ("b", "x")]), "{b} and x");
        assert_eq!(fill("{unknown} {", &[("a", "x")]), "{unknown} {");
        assert_eq!(fill("plain", &[]), "plain");
    }
}
