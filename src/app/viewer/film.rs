//! A film in the viewer: played by the player, its pictures shown when what is heard has come to them.

use std::time::Duration;

use adw::{prelude::*, subclass::prelude::*};
use gtk::{gdk, glib};

use super::Viewer;
use crate::{
    files,
    i18n::gettext,
    player::{Picture, Player, Sound, Sounding},
};

/// How often it is looked whether a picture is due.
const BREATH: Duration = Duration::from_millis(10);
/// A picture that is for so much later is from before somebody went elsewhere.
const STALE: Duration = Duration::from_secs(2);

impl Viewer {
    fn film(&self) -> Option<(Player, Sound)> {
        let (bridge, account) = self.imp().source.get()?;
        let shown = self.shown()?;
        Some((bridge.player().clone(), Sound::Film(*account, shown.file.id)))
    }

    pub(super) fn listen_to_player(&self) {
        let Some((player, _)) = self.film() else { return };
        let handler = player.connect_changed(glib::clone!(
            #[weak(rename_to = viewer)]
            self,
            move |_| viewer.show_place()
        ));
        self.imp().listening.replace(Some(handler));
        self.show_place();
    }

    /// Plays, or pauses.
    pub(super) fn play(&self) {
        let viewer = self.clone();
        glib::spawn_future_local(async move { viewer.toggle(None).await });
    }

    pub(super) fn seek(&self, seconds: f64) {
        let to = Duration::from_secs_f64(seconds.max(0.0));
        let viewer = self.clone();
        glib::spawn_future_local(async move { viewer.toggle(Some(to)).await });
    }

    async fn toggle(&self, to: Option<Duration>) {
        let (Some((player, film)), Some((bridge, account))) = (self.film(), self.imp().source.get()) else {
            return;
        };
        let Sound::Film(_, id) = film else { return };
        let Some(open) = files::sound_of(bridge, *account, id).await else { return };
        let begins = player.sounding(film).is_none_or(|sounding| sounding.has_failed);
        match to {
            Some(to) => player.seek(film, to, open),
            None => player.toggle(film, open),
        }
        if begins && let Some(pictures) = player.pictures() {
            glib::spawn_future_local(show(self.downgrade(), player, film, pictures));
        }
    }

    /// Nothing is played here any more.
    pub(super) fn end_film(&self) {
        let Some((player, film)) = self.film() else { return };
        if let Some(handler) = self.imp().listening.take() {
            player.disconnect(handler);
            player.stop(film);
        }
    }

    fn show_place(&self) {
        let Some((player, film)) = self.film() else { return };
        let imp = self.imp();
        let sounding = player.sounding(film);
        let is_playing = sounding.is_some_and(|sounding| sounding.is_playing);
        let (icon, words) = if is_playing {
            ("media-playback-pause-symbolic", gettext("Pause"))
        } else {
            ("media-playback-start-symbolic", gettext("Play"))
        };
        imp.play_button.set_icon_name(icon);
        imp.play_button.set_tooltip_text(Some(&words));
        let length = sounding.and_then(|sounding| sounding.duration);
        let length = length.or_else(|| self.shown().and_then(|shown| shown.file.duration));
        imp.place_scale.set_sensitive(length.is_some());
        imp.place_scale.set_range(0.0, length.unwrap_or_default().as_secs_f64().max(0.1));
        let place = sounding.map(|sounding| sounding.place).unwrap_or_default();
        imp.place_scale.set_value(place.as_secs_f64());
        imp.place_label.set_label(&match sounding {
            Some(Sounding { has_failed: true, .. }) => gettext("This cannot be played."),
            _ => files::length(place),
        });
    }
}

/// Shows the pictures of a film, each when it is due, until it is over.
async fn show(
    viewer: glib::WeakRef<Viewer>,
    player: Player,
    film: Sound,
    pictures: async_channel::Receiver<Picture>,
) {
    while let Ok(picture) = pictures.recv().await {
        loop {
            let Some(now) = player.sounding(film) else { return };
            let early = picture.place.saturating_sub(now.place);
            if early <= BREATH || early > STALE {
                break;
            }
            glib::timeout_future(BREATH).await;
        }
        let Some(viewer) = viewer.upgrade() else { return };
        let is_stale =
            player.sounding(film).is_none_or(|now| picture.place.saturating_sub(now.place) > STALE);
        if !is_stale {
            viewer.imp().canvas.show_frame(&texture(picture));
        }
    }
}

fn texture(picture: Picture) -> gdk::Texture {
    let pixels = glib::Bytes::from_owned(picture.pixels);
    let (width, height) = (picture.width as i32, picture.height as i32);
    let stride = picture.width as usize * 4;
    gdk::MemoryTexture::new(width, height, gdk::MemoryFormat::R8g8b8a8, &pixels, stride).upcast()
}
