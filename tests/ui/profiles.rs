//! Several Starlings beside each other, and several accounts in one.

use tests::Starling;

use crate::scene::{GREETING, Scene};

#[test]
fn a_profile_is_independent_and_a_second_account_stands_beside_the_first() {
    let scene = Scene::set();
    let password = scene.server.register("erin");
    scene.bob.say(&"erin@localhost".parse().expect("an address"), "Hello Erin");

    // Another account in the same window.
    let robot = &scene.starling.robot;
    scene.desktop.press("ctrl+comma");
    robot.find("tab", "Accounts").point();
    robot.find("button", "Add Account").point();
    scene.starling.sign_in(&scene.server, "erin@localhost", &password);
    scene.starling.row(&["Hello Erin"]);
    scene.starling.row(&["Bob", GREETING]);

    // Another profile knows nothing of it, and starts while the first runs: with its own welcome.
    let other = Starling::start_with(&scene.desktop, &scene.server, |command| {
        command.args(["--profile", "work"]);
    });
    other.robot.find("button", "Create Account");
    other.kill();

    // The same profile twice is one program: the second start ends at once.
    let twice = Starling::start(&scene.desktop, &scene.server);
    assert!(twice.wait(), "the second start did not hand over");
}
