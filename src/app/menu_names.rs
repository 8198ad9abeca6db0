use gtk::prelude::*;

/// Gives what stands in a menu its names for screen readers, each time it opens. Up to now GTK makes the items of
/// a menu model without any.
pub fn name_items(menu: &gtk::PopoverMenu) {
    menu.connect_map(|menu| name_below(menu.upcast_ref()));
}

/// As [`name_items`], for the menu of a button.
pub fn name_items_of(button: &gtk::MenuButton) {
    if let Some(menu) = button.popover().and_downcast::<gtk::PopoverMenu>() {
        name_items(&menu);
    }
}

fn name_below(widget: &gtk::Widget) {
    let is_item = widget.type_().name() == "GtkModelButton";
    if is_item && let Some(text) = widget.property_value("text").get::<Option<String>>().ok().flatten() {
        widget.reset_relation(gtk::AccessibleRelation::LabelledBy);
        widget.update_property(&[gtk::accessible::Property::Label(&without_mnemonic(&text))]);
    }
    let mut child = widget.first_child();
    while let Some(found) = child {
        name_below(&found);
        child = found.next_sibling();
    }
}

/// The words of a label whose underscores mark a key; two of them are one.
fn without_mnemonic(text: &str) -> String {
    let mut words = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if letter != '_' {
            words.push(letter);
        } else if let Some(marked) = letters.next() {
            words.push(marked);
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_of_a_key_is_not_read_aloud() {
        assert_eq!(without_mnemonic("Re_ply"), "Reply");
        assert_eq!(without_mnemonic("snake__case_"), "snake_case");
    }
}
