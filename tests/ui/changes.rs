//! What can be done with a message: answer it with a quote, react to it, take it back.

use model::{AccountCommand, Content};

use crate::scene::{GREETING, Scene};

#[test]
fn a_message_is_answered_reacted_to_and_taken_back() {
    let scene = Scene::set();
    let robot = &scene.starling.robot;

    scene.hover_and_press(GREETING, "Reply");
    robot.find_named("Reply to Bob");
    scene.desktop.press("Escape");
    tests::wait::until("the reference to go", || (!robot.sees_text("Reply to Bob")).then_some(()));
    scene.hover_and_press(GREETING, "Reply");
    robot.find_named("Reply to Bob");
    scene.desktop.type_text("Gladly");
    scene.desktop.press("Return");
    let heard = scene.bob.hears(&scene.alice, "Gladly");
    assert_eq!(heard.reply.map(|quote| quote.text).as_deref(), Some(GREETING));
    robot.find("button", &format!("In reply to Bob: {GREETING}")).click();

    scene.bob.command(AccountCommand::React(heard.id, vec!["🎉".to_owned()]));
    let chip = robot.find("toggle button", "🎉 1: Bob");
    chip.click();
    robot.find("toggle button", "🎉 2: You, Bob");

    scene.hover_and_press(GREETING, "React");
    robot.find("grid cell", "😀");
    scene.desktop.press("Down");
    scene.desktop.press("Return");
    scene.bob.waits_for(&scene.alice, "the reaction", |message| {
        message.reactions.iter().any(|reaction| reaction.emoji.starts_with('😀'))
    });

    scene.starling.message("Gladly").point_for_menu();
    scene.choose(&["Up", "Return"]);
    let question = robot.find("alert dialog", "Delete Message for Everyone?");
    question.find("button", "Delete").click();
    scene.bob.waits_for(&scene.alice, "the retraction", |message| message.content == Content::Retracted);
    scene.starling.sees_message("This message was retracted");
}
