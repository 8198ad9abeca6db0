//! The list of conversations.

use tests::{Person, wait};

use crate::scene::Scene;

#[test]
fn what_comes_to_the_top_of_a_long_list_is_seen_there() {
    let scene = Scene::set();
    scene.desktop.resize_window("Starling", 900, 300);
    for name in ["carol", "dave", "erin", "frank"] {
        let person = Person::new(&scene.server, name);
        person.say(&scene.alice, "Hello");
        scene.starling.row(&[name, "Hello"]);
        wait::until(&format!("{name} to stand at the top of what is seen"), || {
            let list = scene.starling.robot.find("list", "Conversations").extents();
            let row = scene.starling.row(&[name]).extents();
            (row.1 >= list.1 && row.1 + row.3 <= list.1 + list.3).then_some(())
        });
    }
}
