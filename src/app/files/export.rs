//! Files for outside: at a place of the user's, or for another program.

use gtk::{gio, prelude::*};
use model::{AccountId, Answer, Attachment, ExportTo, Request};

use super::opened;
use crate::{bridge::Bridge, failure, i18n::gettext};

/// Writes a file where the person wants it. Answers with what there is to say.
pub async fn save_as(
    bridge: &Bridge,
    account: AccountId,
    file: &Attachment,
    window: Option<&gtk::Window>,
) -> Option<String> {
    let dialog =
        gtk::FileDialog::builder().title(gettext("Save As")).initial_name(file.name.as_str()).build();
    let chosen = match dialog.save_future(window).await {
        Ok(chosen) => chosen,
        Err(error) if error.matches(gtk::DialogError::Dismissed) => return None,
        Err(_) => return Some(gettext("No place could be chosen.")),
    };
    let Some(path) = chosen.path() else {
        return Some(gettext("Files can only be saved to folders of this device."));
    };
    match bridge.ask(Request::ExportFile(account, file.id, ExportTo::File(path))).await {
        Ok(_) => Some(gettext("Saved")),
        Err(error) => Some(failure::explain(&error, "").sentence()),
    }
}

/// Opens a copy of a file with another program, which the person chooses if `choose`. Answers with what went wrong.
pub async fn open(
    bridge: &Bridge,
    account: AccountId,
    file: &Attachment,
    window: Option<&gtk::Window>,
    choose: bool,
) -> Option<String> {
    let id = file.id;
    let place = gio::spawn_blocking(move || opened::place(account, id)).await;
    let (folder, copy) = match place {
        Ok(Ok(place)) => place,
        Ok(Err(error)) => {
            tracing::warn!(%error, "there is no place for a copy");
            return Some(gettext("There is no place for a copy that another program could open."));
        }
        Err(_) => return None,
    };
    let copy = match copy {
        Some(copy) => copy,
        None => match bridge.ask(Request::ExportFile(account, id, ExportTo::Folder(folder))).await {
            Ok(Answer::File(copy)) => copy,
            Ok(_) => return None,
            Err(error) => return Some(failure::explain(&error, "").sentence()),
        },
    };
    let launcher = gtk::FileLauncher::new(Some(&gio::File::for_path(copy)));
    launcher.set_always_ask(choose);
    match launcher.launch_future(window).await {
        Err(error) if !error.matches(gtk::DialogError::Dismissed) => {
            tracing::info!(%error, "a file was not opened");
            Some(gettext("No program can open this file."))
        }
        _ => None,
    }
}
