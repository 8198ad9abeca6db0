//! Every name that the screens promise is on them: what a screen reader says, and what all other tests find things by.

use tests::robot::Node;
use tests::{Prosody, Starling};

use crate::scene::{GREETING, Scene, still_desktop};

#[test]
fn the_screens_before_the_first_account_have_their_names() {
    let server = Prosody::start();
    let desktop = still_desktop();
    let starling = Starling::start(&desktop, &server);
    sees(&starling, &["Sign In", "Create Account", "Private messaging on an open network"]);
    starling.robot.find("button", "Sign In").click();
    sees(&starling, &["Address", "Password", "Advanced", "Sign In"]);
    starling.name_server("Server", 1);
    sees(&starling, &["Server", "Port"]);
    no_control_is_nameless(&starling);
    desktop.press("Escape");
    starling.robot.find("button", "Create Account").click();
    sees(&starling, &["Server", "Advanced", "Continue"]);
    starling.robot.find_entry("Server").set_text("open.localhost");
    starling.name_server("Connect To", server.direct_tls_port());
    starling.robot.find("button", "Continue").click();
    sees(&starling, &["User Name", "Password", "Copy Password", "Choose My Own Password", "Create Account"]);
    no_control_is_nameless(&starling);
    starling.robot.find("switch", "Choose My Own Password").point();
    starling.robot.find_entry("Password");
    starling.robot.wait_gone("button", "Copy Password");
    no_control_is_nameless(&starling);
}

#[test]
fn the_main_screens_have_their_names() {
    let scene = Scene::set();
    let starling = &scene.starling;
    sees(
        starling,
        &["Conversations", "Accounts", "New Conversation", "Search", "Main Menu", "All", "Direct", "Unread"],
    );
    sees(
        starling,
        &["Messages", "Message", "Record Voice Message", "Emoji", "Search in Conversation", "Details"],
    );
    starling.message(GREETING).hover();
    sees(starling, &["React", "Reply", "More"]);
    scene.desktop.press("ctrl+i");
    sees(starling, &["Copy Address", "Name", "Groups", "Friends", "Notifications", "Notification Setting"]);
    sees(starling, &["Block", "Delete Conversation"]);
    no_control_is_nameless(starling);
    scene.desktop.press("ctrl+comma");
    sees(starling, &["General", "Notifications", "Privacy", "Accounts", "Enter Sends", "Style"]);
    no_control_is_nameless(starling);
}

#[test]
fn what_stands_in_a_menu_has_its_name() {
    let scene = Scene::set();
    let robot = &scene.starling.robot;
    let sees = |names: &[&str]| {
        for name in names {
            scene.menu_item(name);
        }
        scene.desktop.press("Escape");
        robot.wait_gone("menu item", names.first().expect("a name"));
    };
    scene.has_focus("Message");
    scene.starling.message(GREETING).point_for_menu();
    sees(&["React…", "Reply", "Quote", "Copy", "Details"]);
    // Whoever points goes on writing.
    scene.has_focus("Message");
    scene.starling.row(&["Bob"]).point_for_menu();
    sees(&["Pin", "Archive", "Details", "Delete…"]);
    scene.desktop.press("F10");
    sees(&["Preferences", "Keyboard Shortcuts", "About Starling"]);
    robot.find("toggle button", "Accounts").click();
    sees(&["Accounts", "Preferences"]);
    scene.desktop.press("ctrl+i");
    robot.find("toggle button", "Notification Setting").click();
    sees(&["On", "For an Hour", "For a Week"]);
}

#[track_caller]
fn sees(starling: &Starling, names: &[&str]) {
    for name in names {
        starling.robot.find_named(name);
    }
}

/// Whatever can be pressed or typed into says what it is.
#[track_caller]
fn no_control_is_nameless(starling: &Starling) {
    let roles = ["button", "toggle button", "text box", "switch", "combo box", "radio", "tab"];
    let window = starling.robot.find_where("the window", |node| node.role() == "application");
    let nameless =
        window.search_all(&|node: &Node| roles.contains(&node.role().as_str()) && node.name().is_empty());
    let nameless: Vec<String> =
        nameless.iter().map(|node| format!("{} at {:?}", node.role(), node.extents())).collect();
    assert!(nameless.is_empty(), "without a name: {nameless:?} in\n{}", starling.robot.describe());
}
