use gtk::prelude::*;

use super::on_stage;
use crate::history::{prose::Prose, text::links, words::Words};

#[test]
fn each_line_begins_at_its_own_side_whichever_way_the_window_runs() {
    on_stage(async |_| {
        for direction in [gtk::TextDirection::Ltr, gtk::TextDirection::Rtl] {
            for (text, at_the_left) in [
                ("a line that is rather long\nhttps://a.b", true),
                ("שלום שלום שלום שלום שלום\nשלום https://a.b", false),
            ] {
                let prose = Prose::default();
                prose.set_direction(direction);
                prose.show(&Words { text: text.into(), links: links(text), ..Words::default() });
                let (_, height) = prose.fit(150);
                let left = prose.link_at(3.0, height as f32 - 4.0);
                assert_eq!(left.is_some(), at_the_left, "{text} in {direction:?}");
            }
        }
    });
}
