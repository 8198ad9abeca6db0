//! What a call shows besides faces, and what the desktop has a say in: a screen, and the camera of a program in a sandbox.

use std::sync::{Arc, Mutex};

use model::{CallCommand, CallState};
use session::{PictureSink, View};
use tests::{Phone, Starling, wait};

use crate::scene::Scene;

const RED: &str =
    "videotestsrc is-live=true pattern=red ! video/x-raw,format=RGB,width=1600,height=900,framerate=15/1";
const BLUE: &str =
    "videotestsrc is-live=true pattern=blue ! video/x-raw,format=RGB,width=640,height=360,framerate=15/1";

/// What somebody sees: how wide it is, and the colour of its middle.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<(u32, [u8; 3])>>);

impl Seen {
    fn sink(&self) -> PictureSink {
        let seen = self.0.clone();
        PictureSink::new(move |_, _, view, picture| {
            let middle = (picture.stride * (picture.height / 2) + picture.width / 2 * 4) as usize;
            if let (View::Theirs, Some([red, green, blue])) = (view, picture.pixels.get(middle..middle + 3)) {
                *seen.lock().expect("nobody panics with it") = (picture.width, [*red, *green, *blue]);
            }
        })
    }

    #[track_caller]
    fn until(&self, what: &str, wanted: impl Fn(u32, [u8; 3]) -> bool) {
        wait::until(what, || {
            let (width, colour) = *self.0.lock().expect("nobody panics with it");
            wanted(width, colour).then_some(())
        });
    }

    #[track_caller]
    fn is_a_red_screen(&self) {
        self.until("a red screen", |width, [red, green, blue]| {
            width == 1280 && red > 200 && green < 60 && blue < 60
        });
    }
}

#[track_caller]
fn is_pressed(starling: &Starling, button: &str, wanted: bool) {
    let button = starling.robot.find("toggle button", button);
    wait::until(&format!("it to be pressed: {wanted}"), || (button.is_pressed() == wanted).then_some(()));
}

#[test]
fn a_screen_is_shown_in_place_of_the_camera_until_either_side_ends_it() {
    let seen = Seen::default();
    let (scene, portal) = Scene::set_with_portal(RED, BLUE, false, seen.sink());
    let (robot, starling) = (&scene.starling.robot, &scene.starling);
    let mut bobs = Phone::of(&scene.bob);
    bobs.call(&scene.alice, false);
    robot.find("button", "Accept").click();
    bobs.hears_and_sees(20, 0);

    // The person thinks better of it.
    portal.declines();
    robot.find("toggle button", "Share Screen").click();
    portal.says("closed", 1);
    is_pressed(starling, "Share Screen", false);
    robot.find("toggle button", "Share Screen").click();
    portal.says("shared", 1);
    seen.is_a_red_screen();
    is_pressed(starling, "Share Screen", true);

    // The camera is on, but it is the screen that is seen until that is over.
    robot.find("toggle button", "Camera").click();
    bobs.hears_and_sees(20, 20);
    seen.is_a_red_screen();
    robot.find("toggle button", "Share Screen").click();
    seen.until("the camera", |width, _| width == 640);
    is_pressed(starling, "Share Screen", false);
    portal.says("closed", 2);

    // The desktop has a button of its own to end it.
    robot.find("toggle button", "Camera").click();
    robot.find("toggle button", "Share Screen").click();
    seen.is_a_red_screen();
    is_pressed(starling, "Share Screen", true);
    portal.ends_sharing();
    is_pressed(starling, "Share Screen", false);
    bobs.until("told that nothing is seen", |phone| !phone.call.as_ref().unwrap().participants[0].video);

    // With the call it ends in any case.
    robot.find("toggle button", "Share Screen").click();
    is_pressed(starling, "Share Screen", true);
    bobs.does(CallCommand::HangUp);
    bobs.until("over", |phone| matches!(phone.state(), Some(CallState::Ended(_))));
    portal.says("closed", 4);
}

#[test]
fn in_a_sandbox_the_desktop_hands_over_the_camera() {
    let seen = Seen::default();
    let (scene, portal) = Scene::set_with_portal(RED, BLUE, true, seen.sink());
    let (robot, starling) = (&scene.starling.robot, &scene.starling);
    let mut bobs = Phone::of(&scene.bob);
    // Without leave, it is a call of voices.
    portal.declines();
    bobs.call(&scene.alice, true);
    robot.find("button", "Accept").click();
    portal.says("asked", 1);
    bobs.hears_and_sees(20, 0);
    is_pressed(starling, "Camera", false);
    robot.find("toggle button", "Camera").click();
    portal.says("asked", 2);
    seen.until("the camera that was handed over", |width, [red, green, blue]| {
        width == 640 && red < 60 && green < 60 && blue > 200
    });
    is_pressed(starling, "Camera", true);
    // It was granted: nobody is asked again.
    robot.find("toggle button", "Camera").click();
    bobs.until("told that her camera is off", |phone| !phone.call.as_ref().unwrap().participants[0].video);
    robot.find("toggle button", "Camera").click();
    bobs.hears_and_sees(20, 20);
    portal.says("asked", 2);
    robot.find("button", "Hang Up").click();
    bobs.until("over", |phone| matches!(phone.state(), Some(CallState::Ended(_))));
}
