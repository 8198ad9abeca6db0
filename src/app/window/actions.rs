//! The ways from one screen to another.

use adw::{prelude::*, subclass::prelude::*};

use super::{Window, imp};
use crate::{new_conversation, preferences, shortcuts, welcome};

pub(super) fn install(class: &mut <imp::Window as ObjectSubclass>::Class) {
    class.install_action("window.switch", None, |window, _, _| {
        window.over(|window, bridge| {
            new_conversation::present(window, bridge, new_conversation::Purpose::Switch);
        });
    });
    class.install_action("window.new-conversation", None, |window, _, _| {
        window.over(|window, bridge| {
            new_conversation::present(window, bridge, new_conversation::Purpose::New);
        });
    });
    class.install_action("window.preferences", None, |window, _, _| {
        window.over(|window, bridge| preferences::present(window, bridge, window.settings(), None));
    });
    class.install_action("window.accounts", None, |window, _, _| {
        window.over(|window, bridge| {
            preferences::present(window, bridge, window.settings(), Some("accounts"));
        });
    });
    class.install_action("window.add-account", None, |window, _, _| {
        if let Some(bridge) = window.bridge() {
            welcome::present(window, bridge);
        }
    });
    class.install_action("window.shortcuts", None, |window, _, _| {
        if window.visible_dialog().is_none() {
            shortcuts::present(window);
        }
    });
    class.install_action("window.search", None, |window, _, _| {
        if window.has_main() {
            window.imp().split_view.set_show_content(false);
            window.imp().conversations.start_search();
        }
    });
    class.install_action("window.menu", None, |window, _, _| {
        if window.has_main() {
            window.imp().conversations.open_menu();
        }
    });
    class.install_action("window.details", None, |window, _, _| {
        window.imp().conversation.show_details();
    });
    class.install_action("window.previous", None, |window, _, _| window.go(-1));
    class.install_action("window.next", None, |window, _, _| window.go(1));
    class.install_action("window.close", None, |window, _, _| window.close());
}

impl Window {
    /// Opens something over the main screen, unless something is open already.
    fn over(&self, open: impl FnOnce(&Self, &crate::bridge::Bridge)) {
        if self.has_main()
            && self.visible_dialog().is_none()
            && let Some(bridge) = self.bridge()
        {
            open(self, bridge);
        }
    }

    fn has_main(&self) -> bool {
        self.imp().stack.visible_child_name().as_deref() == Some("main")
    }

    fn go(&self, step: i32) {
        if self.has_main()
            && self.visible_dialog().is_none()
            && let Some(object) = self.imp().conversations.neighbour(step)
        {
            self.show_conversation(&object, true);
        }
    }
}
