//! From nothing to signed in, and the words for what can go wrong on the way.

use tests::{Desktop, Prosody, Starling};

#[test]
fn a_wrong_password_is_said_and_can_be_mended_in_place() {
    let server = Prosody::start();
    let password = server.register("alice");
    let desktop = Desktop::start(900, 700);
    let starling = Starling::start(&desktop, &server);
    starling.robot.find("button", "Create Account");
    starling.fill_sign_in(&server, "alice@localhost", "not the password");
    starling.robot.find_text("password");
    starling.robot.find_entry("Password").set_text(&password);
    starling.robot.find("button", "Sign In").click();
    starling.robot.find("list", "Conversations");
    desktop.press("ctrl+q");
    assert!(starling.wait(), "Starling did not end well");
}

#[test]
fn an_address_that_is_none_cannot_be_submitted() {
    let server = Prosody::start();
    let desktop = Desktop::start(900, 700);
    let starling = Starling::start(&desktop, &server);
    starling.robot.find("button", "Sign In").click();
    starling.robot.find_entry("Address").set_text("not an address");
    starling.robot.find_entry("Password").set_text("secret");
    let button = starling.robot.find("button", "Sign In");
    assert!(!button.is_sensitive());
    starling.robot.find_entry("Address").set_text("alice@localhost");
    tests::wait::until("the button to wake", || starling.robot.find("button", "Sign In").is_sensitive().then_some(()));
}

#[test]
fn an_account_is_made_through_the_window() {
    let server = Prosody::start();
    let desktop = Desktop::start(900, 700);
    // The form's server is found at the port of a real deployment only; here it is named by hand.
    let starling = Starling::start(&desktop, &server);
    starling.robot.find("button", "Create Account").click();
    starling.robot.find_entry("Server").set_text("open.localhost");
    assert!(starling.robot.sees("button", "Continue") || starling.robot.sees("button", "Next"));
}
