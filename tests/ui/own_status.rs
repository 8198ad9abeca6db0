//! What others see of oneself, as the window shows it.

use tests::Starling;

use crate::scene::{GREETING, Scene};

#[test]
fn the_own_status_is_shown_again_after_a_start() {
    let scene = Scene::set();
    let robot = &scene.starling.robot;
    robot.find("toggle button", "Accounts").click();
    scene.choose_item("Do Not Disturb");
    robot.find("toggle button", "Accounts").click();
    is_chosen(&scene.starling, "Do Not Disturb");
    scene.desktop.press("Escape");
    scene.desktop.press("ctrl+q");
    let Scene { desktop, server, starling, bob: _bob, .. } = scene;
    assert!(starling.wait(), "Starling did not end well");
    let starling = Starling::start(&desktop, &server);
    starling.sees_message(GREETING);
    starling.robot.find("toggle button", "Accounts").click();
    is_chosen(&starling, "Do Not Disturb");
}

/// Waits until this item of a menu is the one that is chosen.
#[track_caller]
fn is_chosen(starling: &Starling, item: &str) {
    starling.robot.find_where(&format!("{item}, chosen"), |node| {
        node.role().ends_with("menu item") && node.name() == item && node.is_checked()
    });
}
