//! Every word that people read can be translated: the template `po/starling.pot` holds exactly
//! what the sources hold. xgettext learnt Rust only in 0.24, which is newer than our platform, so
//! the words are gathered here. `UPDATE=1 cargo test -p tests --test tidy` writes the template.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use roxmltree::Document;

use crate::{expect_none, files, read, root};

/// What identifies a message: its context, its words, and its words for many.
type Message = (Option<String>, String, Option<String>);
/// Where each is used. No line numbers: they would change the template with every change of code.
type Messages = BTreeMap<Message, BTreeSet<PathBuf>>;

const HEADER: &str = r#"# Words of Starling. Made by tests/tidy; do not edit.
msgid ""
msgstr ""
"Project-Id-Version: starling\n"
"Language: \n"
"MIME-Version: 1.0\n"
"Content-Type: text/plain; charset=UTF-8\n"
"Content-Transfer-Encoding: 8bit\n"
"Plural-Forms: nplurals=INTEGER; plural=EXPRESSION;\n"
"#;

#[test]
fn the_template_holds_every_word_on_screen() {
    let mut messages = Messages::new();
    for path in files() {
        let name = path.to_str().unwrap();
        let add = |message| {
            messages.entry(message).or_default().insert(path.clone());
        };
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("rs") if path.starts_with("src/app") => from_rust(&path, add),
            Some("blp") => from_blueprint(&read(&path), add),
            Some("desktop") if path.starts_with("data") => from_desktop_entry(&read(&path), add),
            Some("xml") if name.ends_with(".metainfo.xml") => from_metainfo(&read(&path), add),
            _ => {}
        }
    }
    let template = template(&messages);
    let sources: BTreeSet<&PathBuf> = messages.values().flatten().collect();
    let list = sources.iter().fold(String::new(), |list, path| list + path.to_str().unwrap() + "\n");

    if env::var_os("UPDATE").is_some() {
        fs::write(root().join("po/starling.pot"), &template).unwrap();
        fs::write(root().join("po/POTFILES.in"), &list).unwrap();
    }
    let same = read("po/starling.pot") == template && read("po/POTFILES.in") == list;
    assert!(same, "po/ is behind the sources: UPDATE=1 cargo test -p tests --test tidy");
}

#[test]
fn languages_are_complete_files() {
    let listed: BTreeSet<String> = read("po/LINGUAS").split_whitespace().map(str::to_owned).collect();
    let found: BTreeSet<String> = files()
        .iter()
        .filter(|path| path.starts_with("po") && path.extension().is_some_and(|extension| extension == "po"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    assert_eq!(listed, found, "po/LINGUAS and the files beside it");
    let faults: Vec<_> = found
        .into_iter()
        .filter(|name| read(format!("po/{name}.po")).contains("\n#, fuzzy\n\"Project"))
        .collect();
    expect_none(&faults, "files whose header was never filled in");
}

/// Calls of `gettext(…)`, `ngettext(…)`, `pgettext(…)`, also as `gettext_f(…)` with named holes.
fn from_rust(path: &Path, mut add: impl FnMut(Message)) {
    let tokens: TokenStream =
        read(path).parse().unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    walk(tokens, &mut |function, words| {
        let mut words = words.into_iter();
        let context = function.starts_with('p').then(|| words.next()).flatten();
        let Some(one) = words.next() else { return };
        let many = function.contains("ngettext").then(|| words.next()).flatten();
        add((context, one, many));
    });
}

fn walk(tokens: TokenStream, found: &mut impl FnMut(&str, Vec<String>)) {
    const FUNCTIONS: [&str; 6] = ["gettext", "gettext_f", "ngettext", "ngettext_f", "pgettext", "pgettext_f"];
    let mut function = None;
    for token in tokens {
        match token {
            TokenTree::Ident(name) => {
                let name = name.to_string();
                function = FUNCTIONS.into_iter().find(|known| **known == name);
            }
            TokenTree::Group(group) => {
                if let Some(function) =
                    function.take().filter(|_| group.delimiter() == Delimiter::Parenthesis)
                {
                    found(function, leading_literals(group.stream()));
                }
                walk(group.stream(), found);
            }
            _ => function = None,
        }
    }
}

/// The arguments up to the first that is not a plain string.
fn leading_literals(arguments: TokenStream) -> Vec<String> {
    let mut literals = Vec::new();
    for token in arguments {
        match token {
            TokenTree::Literal(literal) => match syn::parse_str::<syn::LitStr>(&literal.to_string()) {
                Ok(text) => literals.push(text.value()),
                Err(_) => break,
            },
            TokenTree::Punct(comma) if comma.as_char() == ',' => {}
            _ => break,
        }
    }
    literals
}

/// `_("…")` and `C_("context", "…")`, outside comments.
fn from_blueprint(text: &str, mut add: impl FnMut(Message)) {
    let mut rest = text;
    let mut words = Vec::new();
    let mut wanted = 0;
    while let Some(first) = rest.chars().next() {
        if rest.starts_with("//") {
            rest = rest.find('\n').map_or("", |end| &rest[end..]);
        } else if rest.starts_with("/*") {
            rest = rest.find("*/").map_or("", |end| &rest[end + 2..]);
        } else if let Some(after) = rest.strip_prefix("C_(") {
            (words, wanted, rest) = (Vec::new(), 2, after);
        } else if let Some(after) = rest.strip_prefix("_(") {
            (words, wanted, rest) = (Vec::new(), 1, after);
        } else if first == '"' || first == '\'' {
            let (word, after) = quoted(rest, first);
            rest = after;
            if wanted > 0 {
                words.push(word);
                wanted -= 1;
                if wanted == 0 {
                    let message = words.pop().unwrap();
                    add((words.pop(), message, None));
                }
            }
        } else {
            rest = &rest[first.len_utf8()..];
        }
    }
}

fn quoted(text: &str, quote: char) -> (String, &str) {
    let mut word = String::new();
    let mut letters = text.char_indices().skip(1);
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => match letters.next() {
                Some((_, 'n')) => word.push('\n'),
                Some((_, 't')) => word.push('\t'),
                Some((_, other)) => word.push(other),
                None => {}
            },
            _ if letter == quote => return (word, &text[at + 1..]),
            _ => word.push(letter),
        }
    }
    (word, "")
}

fn from_desktop_entry(text: &str, mut add: impl FnMut(Message)) {
    for line in text.lines() {
        if let Some((key, value)) = line.split_once('=')
            && ["Name", "GenericName", "Comment", "Keywords"].contains(&key)
        {
            add((None, value.to_owned(), None));
        }
    }
}

/// The same elements that appstream's own rules for gettext name, white space folded as they do.
fn from_metainfo(text: &str, mut add: impl FnMut(Message)) {
    let document = Document::parse(text).unwrap();
    for node in document.descendants() {
        let translated = ["name", "summary", "caption", "p", "li"].contains(&node.tag_name().name());
        if translated && !node.ancestors().any(|node| node.attribute("translate") == Some("no")) {
            let words: Vec<&str> = node.text().unwrap_or_default().split_whitespace().collect();
            add((None, words.join(" "), None));
        }
    }
}

fn template(messages: &Messages) -> String {
    let mut template = HEADER.to_owned();
    // In the order of the sources, so that neighbours on screen are neighbours here.
    let mut sorted: Vec<_> = messages.iter().collect();
    sorted.sort_by_key(|(message, places)| (places.first(), *message));
    for ((context, one, many), places) in sorted {
        template.push('\n');
        for place in places {
            writeln!(template, "#: {}", place.display()).unwrap();
        }
        if let Some(context) = context {
            writeln!(template, "msgctxt {}", escaped(context)).unwrap();
        }
        writeln!(template, "msgid {}", escaped(one)).unwrap();
        match many {
            Some(many) => {
                writeln!(template, "msgid_plural {}\nmsgstr[0] \"\"\nmsgstr[1] \"\"", escaped(many)).unwrap();
            }
            None => template.push_str("msgstr \"\"\n"),
        }
    }
    template
}

fn escaped(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\t', "\\t").replace('\n', "\\n");
    format!("\"{text}\"")
}

#[test]
fn words_are_found() {
    let mut found = Vec::new();
    walk(
        r#"fn f() { show(&gettext("One \"quoted\"")); ngettext_f("{n} file", "{n} files", n, &[]); pgettext("verb", "Open"); gettext(name) }"#
            .parse()
            .unwrap(),
        &mut |function, words| found.push((function.to_owned(), words)),
    );
    let expected: [(&str, &[&str]); 4] = [
        ("gettext", &["One \"quoted\""]),
        ("ngettext_f", &["{n} file", "{n} files"]),
        ("pgettext", &["verb", "Open"]),
        ("gettext", &[]),
    ];
    assert_eq!(found.len(), expected.len());
    for ((function, words), expected) in found.iter().zip(expected) {
        assert_eq!(
            (function.as_str(), words.as_slice()),
            (expected.0, &expected.1.iter().map(ToString::to_string).collect::<Vec<_>>()[..])
        );
    }

    let mut found = Vec::new();
    from_blueprint(
        r#"label: _("Sign In"); // _("not this")
        tooltip: C_("verb", "Open"); name: "plain";"#,
        |message| found.push(message),
    );
    assert_eq!(
        found,
        [(None, "Sign In".to_owned(), None), (Some("verb".to_owned()), "Open".to_owned(), None),]
    );
}
