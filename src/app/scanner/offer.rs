//! What needs a camera is offered only where there is one.

use std::{cell::RefCell, rc::Rc};

use gtk::{glib, prelude::*};
use model::DeviceRole;
use session::DeviceWatch;

use crate::{calls, portals::camera};

/// Shows the button while there is a camera, for as long as `around` is on the screen.
pub fn offer(button: &impl IsA<gtk::Widget>, around: &impl IsA<gtk::Widget>) {
    let button = button.upcast_ref::<gtk::Widget>().downgrade();
    button.upgrade().inspect(|button| button.set_visible(false));
    let watching: Rc<RefCell<Option<DeviceWatch>>> = Rc::default();
    let kept = watching.clone();
    around.connect_map(move |_| {
        let (tell, told) = async_channel::unbounded();
        if camera::is_needed() {
            glib::spawn_future_local(async move {
                // Closed: the button is gone.
                let _ = tell.try_send(camera::is_there().await);
            });
        } else {
            let watch = DeviceWatch::begin(calls::devices(), move |devices| {
                let _ = tell.try_send(devices.iter().any(|device| device.role == DeviceRole::Camera));
            });
            kept.replace(Some(watch));
        }
        let button = button.clone();
        glib::spawn_future_local(async move {
            while let Ok(is_there) = told.recv().await {
                let Some(button) = button.upgrade() else { break };
                button.set_visible(is_there);
            }
        });
    });
    around.connect_unmap(move |_| {
        watching.take();
    });
}
