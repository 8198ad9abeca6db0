//! From nothing to signed in.

use tests::{Prosody, Starling, wait};

use crate::scene::still_desktop;

#[test]
fn an_address_is_checked_while_typing_and_a_wrong_password_is_mended_in_place() {
    let server = Prosody::start();
    let password = server.register("alice");
    let desktop = still_desktop();
    let starling = Starling::start(&desktop, &server);
    let robot = &starling.robot;
    robot.find("button", "Create Account");
    robot.find("button", "Sign In").click();
    robot.find_entry("Address").set_text("not an address");
    robot.find_entry("Password").set_text("not the password");
    assert!(!robot.find("button", "Sign In").is_sensitive());
    robot.find_entry("Address").set_text("alice@localhost");
    wait::until("the button to wake", || robot.find("button", "Sign In").is_sensitive().then_some(()));
    starling.name_server("Server", server.direct_tls_port());
    robot.find("button", "Sign In").click();
    robot.find_text("The address or the password is wrong.");
    robot.find_entry("Password").set_text(&password);
    robot.find("button", "Sign In").click();
    robot.find_named("No Conversations");
    desktop.press("ctrl+q");
    assert!(starling.wait(), "Starling did not end well");
}

#[test]
fn an_account_is_made_through_the_window() {
    let server = Prosody::start();
    let desktop = still_desktop();
    let starling = Starling::start(&desktop, &server);
    let robot = &starling.robot;
    robot.find("button", "Create Account").click();
    robot.find_entry("Server").set_text("open.localhost");
    starling.name_server("Connect To", server.direct_tls_port());
    robot.find("button", "Continue").click();
    robot.find_entry("User Name").set_text("frank");
    robot.find("button", "Copy Password");
    wait::until("the form to be complete", || {
        robot.find("button", "Create Account").is_sensitive().then_some(())
    });
    robot.find("button", "Create Account").click();
    robot.find_named("No Conversations");
    robot.find("toggle button", "Accounts").click();
    robot.find("label", "frank@open.localhost");
}
