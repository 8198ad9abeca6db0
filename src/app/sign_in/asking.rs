use adw::prelude::*;
use gtk::glib;
use model::{Answer, Failure, KeyFailure, Request};

use crate::{bridge::Bridge, i18n::gettext, passphrase};

/// Asks the service for a new account, and the person for what the service turns out to need: a
/// passphrase where there is no keyring, leave to send the password itself where a server can do
/// nothing better. `None` if the person would rather not.
pub async fn ask_with_questions(
    bridge: &Bridge,
    parent: &gtk::Widget,
    mut request: Request,
) -> Option<Result<Answer, Failure>> {
    let mut passphrase_chosen = false;
    let mut plain_allowed = false;
    loop {
        match bridge.ask(request.clone()).await {
            Err(Failure::Key(KeyFailure::NoService)) if !passphrase_chosen => {
                let chosen = passphrase::choose_new(parent).await?;
                passphrase_chosen = true;
                match &mut request {
                    Request::SignIn(sign_in) => sign_in.passphrase = Some(chosen),
                    Request::Register { passphrase, .. } => *passphrase = Some(chosen),
                    _ => return Some(Err(Failure::Key(KeyFailure::NoService))),
                }
            }
            Err(Failure::PlainNotAllowed) if !plain_allowed => {
                let Request::SignIn(sign_in) = &mut request else {
                    return Some(Err(Failure::PlainNotAllowed));
                };
                if !may_send_password(parent, sign_in.address.domain().as_str()).await {
                    return None;
                }
                sign_in.allow_plain = true;
                plain_allowed = true;
            }
            answer => return Some(answer),
        }
    }
}

async fn may_send_password(parent: &gtk::Widget, server: &str) -> bool {
    let dialog = adw::AlertDialog::new(
        Some(&gettext("Send the Password Itself?")),
        Some(&crate::i18n::gettext_f(
            "{server} cannot check a password without seeing it. It is sent encrypted, but the server's operators could read it.",
            &[("server", server)],
        )),
    );
    dialog.add_responses(&[("cancel", &gettext("_Cancel")), ("send", &gettext("_Send Password"))]);
    dialog.set_response_appearance("send", adw::ResponseAppearance::Destructive);
    dialog.set_default_response(Some("cancel"));
    dialog.set_close_response("cancel");
    let response: glib::GString = dialog.choose_future(Some(parent)).await;
    response == "send"
}
