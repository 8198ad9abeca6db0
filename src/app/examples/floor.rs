//! An empty window: what any program of this toolkit costs. The bench compares Starling with it.

use adw::prelude::*;

fn main() -> gtk::glib::ExitCode {
    let application = adw::Application::builder().application_id("im.starling.Floor").build();
    application.connect_activate(|application| {
        adw::ApplicationWindow::builder()
            .application(application)
            .default_width(900)
            .default_height(640)
            .build()
            .present();
    });
    application.run()
}
