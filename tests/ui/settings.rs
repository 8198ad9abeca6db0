//! What the preferences change, and what the window remembers.

use tests::{Starling, wait};

use crate::scene::{GREETING, Scene};

#[test]
fn preferences_take_effect_at_once_and_the_window_remembers_itself() {
    let scene = Scene::set();
    let robot = &scene.starling.robot;
    scene.desktop.press("ctrl+comma");
    robot.find("switch", "Enter Sends").point();
    scene.desktop.press("Escape");
    robot.wait_gone("dialog", "Preferences");
    robot.find_named("Message").focus();
    scene.desktop.type_text("first");
    scene.desktop.press("Return");
    scene.desktop.type_text("second");
    scene.desktop.press("shift+Return");
    scene.bob.hears(&scene.alice, "first\nsecond");

    scene.desktop.resize_window("Starling", 840, 600);
    let size = |starling: &Starling| {
        let window =
            starling.robot.find_where("the window", |node| node.role() == "window" || node.role() == "frame");
        let (_, _, width, height) = window.extents();
        (width, height)
    };
    // With the shadow that is drawn around it, it is not exactly what was asked for.
    let wanted = wait::until("the window to be smaller", || {
        Some(size(&scene.starling)).filter(|(width, _)| (780..=840).contains(width))
    });
    scene.desktop.press("ctrl+q");
    assert!(scene.starling.wait(), "Starling did not end well");
    let starling = Starling::start(&scene.desktop, &scene.server);
    // The conversation that was open is open.
    starling.sees_message(GREETING);
    starling.sees_message("second");
    assert_eq!(size(&starling), wanted);
}

#[test]
fn what_calls_may_take_of_the_network_is_kept() {
    let scene = Scene::set_with_telephones();
    let robot = &scene.starling.robot;
    scene.open_preferences("Calls");
    let stand = |starling: &Starling, wanted: [bool; 2]| {
        let stands = |name: &str| {
            let switch = starling.robot.find("switch", name);
            switch.is_sensitive().then(|| switch.is_checked())
        };
        wait::until(&format!("the switches at {wanted:?}"), || {
            (["Hide My Network Address", "Save Data"].map(stands) == wanted.map(Some)).then_some(())
        });
    };
    stand(&scene.starling, [false, false]);
    // One after the other, as fast as they can be pressed: neither takes the other back.
    for name in ["Hide My Network Address", "Save Data"] {
        robot.find("switch", name).point();
    }
    stand(&scene.starling, [true, true]);
    robot.find("switch", "Hide My Network Address").point();
    stand(&scene.starling, [false, true]);
    scene.escape("dialog", "Preferences");
    scene.desktop.press("ctrl+q");
    assert!(scene.starling.wait(), "Starling did not end well");
    let starling = Starling::start(&scene.desktop, &scene.server);
    starling.sees_message(GREETING);
    scene.desktop.press("ctrl+comma");
    starling.robot.find("tab", "Calls").point();
    stand(&starling, [false, true]);
}
