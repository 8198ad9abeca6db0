//! Each failure says what happened and what to do, and goes away when it is mended.

use tests::{Prosody, Starling};

use crate::scene::{Scene, still_desktop};

#[test]
fn signing_in_says_what_is_wrong() {
    let server = Prosody::start();
    let password = server.register("alice");
    let desktop = still_desktop();

    // Nobody vouches for this server here: there is no way past it, and the facts are shown.
    let starling = Starling::start_with(&desktop, &server, |command| {
        command.env_remove("SSL_CERT_FILE");
    });
    starling.fill_sign_in(&server, "alice@localhost", &password);
    starling.robot.find_text("The certificate of localhost is not trusted.");
    starling.robot.find_text("add its authority under Advanced");
    starling.robot.find_text("Starling test authority");
    starling.robot.find_text("SHA-256 fingerprint");

    // Nobody is there.
    starling.robot.find_entry("Port").set_text("1");
    starling.robot.find("button", "Sign In").click();
    starling.robot.find_text("localhost does not answer.");
    starling.kill();

    let starling = Starling::start(&desktop, &server);
    starling.robot.find("button", "Sign In").click();
    starling.robot.find_entry("Address").set_text("alice@nowhere.invalid");
    starling.robot.find_entry("Password").set_text(&password);
    starling.robot.find("button", "Sign In").click();
    starling.robot.find_text("There is no server named nowhere.invalid.");
    starling.robot.find_text("Check the part of the address after the @.");
}

#[test]
fn a_server_that_stops_is_one_quiet_banner_until_it_is_back() {
    let mut scene = Scene::set();
    scene.server.stop();
    scene.starling.robot.find("button", "Try Now");
    scene.starling.robot.find_text("Trying again");
    scene.write("Are you still there?");
    scene.starling.sees_message("Are you still there?");
    scene.server.resume();
    scene.starling.robot.find("button", "Try Now").click();
    scene.starling.robot.wait_gone("button", "Try Now");
    scene.bob.hears(&scene.alice, "Are you still there?");
}
