//! What the desktop tells: whether there is a network, and that the device woke up.
//!
//! Both make the service try at once instead of waiting out its backoff. The network comes
//! from GIO (and so from a portal where there is one), sleep from logind, where there is one.

use gtk::{gio, glib, prelude::*};
use model::Command;

use crate::bridge::Bridge;

/// Watches as long as it is kept.
#[derive(Debug)]
pub struct Watch {
    monitor: gio::NetworkMonitor,
    changed: Option<glib::SignalHandlerId>,
    sleep: glib::JoinHandle<()>,
}

impl Watch {
    pub fn new(bridge: &Bridge) -> Self {
        let monitor = gio::NetworkMonitor::default();
        let network = bridge.clone();
        let changed = monitor.connect_network_changed(move |_, available| {
            network.send(Command::NetworkChanged { available });
        });
        if !monitor.is_network_available() {
            bridge.send(Command::NetworkChanged { available: false });
        }
        let sleep = glib::spawn_future_local(watch_sleep(bridge.clone()));
        Self { monitor, changed: Some(changed), sleep }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some(changed) = self.changed.take() {
            self.monitor.disconnect(changed);
        }
        self.sleep.abort();
    }
}

/// logind says `PrepareForSleep(true)` before sleep and `PrepareForSleep(false)` after it.
async fn watch_sleep(bridge: Bridge) {
    let manager = gio::DBusProxy::for_bus_future(
        gio::BusType::System,
        gio::DBusProxyFlags::DO_NOT_LOAD_PROPERTIES | gio::DBusProxyFlags::DO_NOT_AUTO_START,
        None,
        "org.freedesktop.login1",
        "/org/freedesktop/login1",
        "org.freedesktop.login1.Manager",
    )
    .await;
    let manager = match manager {
        Ok(manager) => manager,
        Err(error) => {
            tracing::debug!(%error, "nobody tells when the device wakes");
            return;
        }
    };
    manager.connect_local("g-signal", false, move |values| {
        let signal = values.get(2)?.get::<String>().ok()?;
        let parameters = values.get(3)?.get::<glib::Variant>().ok()?;
        if signal == "PrepareForSleep" && parameters.get::<(bool,)>() == Some((false,)) {
            bridge.send(Command::Resumed);
        }
        None
    });
    // The proxy lives as long as this task.
    std::future::pending::<()>().await;
}
