//! What is installed says the same thing everywhere.

use std::collections::BTreeSet;

use roxmltree::Document;

use crate::{expect_none, files_of, read};

const ID: &str = "im.starling.Starling";

#[test]
fn one_version_everywhere() {
    let version = env!("CARGO_PKG_VERSION");
    assert!(read("meson.build").contains(&format!("version: '{version}'")), "meson.build: not {version}");

    let text = read(format!("data/{ID}.metainfo.xml"));
    let metainfo = Document::parse(&text).unwrap();
    let newest = metainfo.descendants().find(|node| node.has_tag_name("release")).unwrap();
    assert_eq!(newest.attribute("version"), Some(version), "the newest release of the metainfo");
}

#[test]
fn the_doap_file_lists_each_xep_once_and_in_order() {
    let text = read("data/starling.doap");
    let doap = Document::parse(&text).expect("the DOAP file is XML");
    let mut listed = Vec::new();
    for xep in doap.descendants().filter(|node| node.tag_name().name() == "SupportedXep") {
        let child = |name| xep.children().find(move |node| node.tag_name().name() == name);
        let address =
            child("xep").and_then(|node| node.attributes().next()).expect("a XEP has an address").value();
        let (_, number) = address.split_once("/xep-").expect("the address names a XEP");
        for name in ["status", "version", "since"] {
            assert!(child(name).is_some_and(|node| node.text().is_some()), "{address} has no {name}");
        }
        listed.push(number.trim_end_matches(".html").to_owned());
    }
    assert!(!listed.is_empty());
    assert!(listed.is_sorted_by(|one, next| one < next), "not in order, or twice: {listed:?}");
}

/// A file named `xep_0313_mam.rs` brings a XEP, and the DOAP file tells people.
#[test]
fn every_xep_in_the_code_is_in_the_doap_file() {
    let doap = read("data/starling.doap");
    let numbers: BTreeSet<String> = files_of("rs")
        .iter()
        .filter_map(|path| path.file_name()?.to_str()?.strip_prefix("xep_")?.get(..4).map(str::to_owned))
        .collect();
    let faults: Vec<_> =
        numbers.into_iter().filter(|number| !doap.contains(&format!("xep-{number}.html"))).collect();
    expect_none(&faults, "XEPs with a file in src that data/starling.doap does not list");
}
