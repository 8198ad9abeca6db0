//! A desktop of its own: an X server, a D-Bus session with keyring and accessibility bus, a window manager.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::program::Program;
use crate::{StandIn, wait};

/// A desktop for one program under test. Everything ends with it.
pub struct Desktop {
    home: TempDir,
    display: String,
    bus_address: String,
    size: (u32, u32),
    programs: Vec<Program>,
}

impl Desktop {
    /// Starts one with a screen of `width` × `height` pixels.
    ///
    /// # Panics
    /// When Xvfb, dbus-daemon, gnome-keyring or openbox is missing.
    pub fn start(width: u32, height: u32) -> Self {
        let mut desktop = Self::empty((width, height));
        desktop.start_display();
        desktop.start_bus();
        desktop.start_window_manager();
        desktop.unlock_keyring();
        desktop
    }

    /// As [`Self::start`], on a device where no Secret Service runs.
    ///
    /// # Panics
    /// When Xvfb, dbus-daemon or openbox is missing.
    pub fn without_keyring(width: u32, height: u32) -> Self {
        let mut desktop = Self::empty((width, height));
        desktop.start_display();
        // The usual bus would start a keyring as soon as somebody asks for one.
        let configuration = desktop.home().join("run/bus.conf");
        let services = desktop.home().join("run/services");
        std::fs::create_dir(&services).expect("a folder");
        let accessibility = Path::new("/usr/share/dbus-1/services/org.a11y.Bus.service");
        std::fs::copy(accessibility, services.join("org.a11y.Bus.service")).expect("at-spi2-core");
        let text = BUS_WITHOUT_SERVICES.replace("SERVICES", &services.to_string_lossy());
        std::fs::write(&configuration, text).expect("a configuration");
        desktop.start_bus_with(&format!("--config-file={}", configuration.display()));
        desktop.start_window_manager();
        desktop
    }

    /// A desktop with a bus and a keyring of its own, whose windows open on the real display.
    pub fn beside_the_real_one() -> Self {
        let mut desktop = Self::empty((0, 0));
        REAL.clone_into(&mut desktop.display);
        desktop.start_bus();
        desktop.unlock_keyring();
        desktop
    }

    /// A command that will run on this desktop, with nothing of the real one.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        if self.display != REAL {
            command.env_remove("WAYLAND_DISPLAY").envs(self.own_screen());
        }
        for (key, value) in self.environment() {
            command.env(key, value);
        }
        command
    }

    /// Settings of GTK for every program that starts from now on, such as `gtk-enable-animations`.
    ///
    /// # Panics
    /// When they cannot be written.
    pub fn set_gtk(&self, settings: &[(&str, &str)]) {
        let folder = self.home().join("config/gtk-4.0");
        std::fs::create_dir_all(&folder).expect("a folder");
        let lines = settings
            .iter()
            .fold("[Settings]\n".to_owned(), |lines, (name, value)| lines + &format!("{name}={value}\n"));
        std::fs::write(folder.join("settings.ini"), lines).expect("settings of GTK");
    }

    /// Makes text larger for every program that starts from now on: 1.0 is the usual size.
    ///
    /// # Panics
    /// When xprop is missing.
    pub fn scale_text(&self, factor: f32) {
        let resource = format!("Xft.dpi:\t{}", (96.0 * factor).round());
        let arguments = ["-root", "-f", "RESOURCE_MANAGER", "8s", "-set", "RESOURCE_MANAGER", &resource];
        let done = self.command("xprop").args(arguments).status().expect("xprop");
        assert!(done.success(), "the text was not scaled");
    }

    /// Its session bus.
    pub fn bus_address(&self) -> &str {
        &self.bus_address
    }

    /// The name of its display.
    pub fn display(&self) -> &str {
        &self.display
    }

    /// Its home folder: `data`, `config` and `cache` in it are the XDG folders.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Writes what the screen shows to a PNG file.
    ///
    /// # Panics
    /// When ImageMagick is missing.
    pub fn screenshot(&self, file: &Path) {
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder).expect("a folder for screenshots");
        }
        let done = self
            .command("import")
            .args(["-window", "root"])
            .arg(file)
            .status()
            .expect("import, of ImageMagick");
        assert!(done.success(), "no screenshot");
    }

    /// The colour of a place of the screen: red, green and blue.
    ///
    /// # Panics
    /// When ImageMagick is missing.
    pub fn color(&self, x: i32, y: i32) -> [u8; 3] {
        let mut command = self.command("import");
        command.args(["-window", "root", "-crop", &format!("1x1+{x}+{y}"), "-depth", "8", "rgb:-"]);
        let told = command.output().expect("import, of ImageMagick").stdout;
        told.try_into().expect("three bytes of a place")
    }

    /// The file in which the X server keeps what the screen shows, in XWD format.
    pub fn frame_buffer(&self) -> PathBuf {
        self.home.path().join("run/Xvfb_screen0")
    }

    /// Presses a key or several together, such as `ctrl+n`.
    ///
    /// # Panics
    /// When xdotool is missing.
    pub fn press(&self, keys: &str) {
        self.tool(&["key", "--clearmodifiers", keys]);
    }

    /// Types text into what has the focus.
    pub fn type_text(&self, text: &str) {
        self.tool(&["type", "--clearmodifiers", "--delay", "2", "--", text]);
    }

    /// Gives the window of this name another size.
    pub fn resize_window(&self, name: &str, width: u32, height: u32) {
        self.window_tool(name, &["windowsize", &width.to_string(), &height.to_string()]);
    }

    /// Makes the window of this name as large as the screen.
    pub fn fill_screen(&self, name: &str) {
        self.window_tool(name, &["windowsize", "100%", "100%", "windowmove", "0", "0"]);
    }

    /// Moves the window of this name.
    pub fn move_window(&self, name: &str, x: i32, y: i32) {
        self.window_tool(name, &["windowmove", &x.to_string(), &y.to_string()]);
    }

    /// Moves the pointer to a place on the screen.
    pub fn point_at(&self, x: i32, y: i32) {
        self.tool(&["mousemove", &x.to_string(), &y.to_string()]);
    }

    /// Turns the wheel away from the person, as often as `turns`.
    pub fn turn_wheel_up(&self, turns: u32) {
        self.tool(&["click", "--repeat", &turns.to_string(), "--delay", "6", "4"]);
    }

    /// Turns it towards the person.
    pub fn turn_wheel_down(&self, turns: u32) {
        self.tool(&["click", "--repeat", &turns.to_string(), "--delay", "6", "5"]);
    }

    /// Starts another program on this desktop: `neighbour.py` has its verbs. It runs until what is returned is dropped.
    pub fn neighbour(&self, verb: &str, files: &[&Path]) -> StandIn {
        let files = files.iter().map(|file| file.as_os_str());
        StandIn::start(self, "neighbour.py", &[OsStr::new(verb)].into_iter().chain(files).collect::<Vec<_>>())
    }

    /// Drags from a neighbour to a place on the screen with the pointer, and lets go over whoever takes it. As a hand does, it
    /// goes in steps and never rests: only where the pointer moves is anybody asked whether they would.
    #[track_caller]
    pub fn drag_and_drop(&self, neighbour: &StandIn, from: (i32, i32), to: (i32, i32)) {
        const STEPS: i32 = 12;
        self.point_at(from.0, from.1);
        self.tool(&["mousedown", "1"]);
        for step in 1..=STEPS {
            let between = |from: i32, to: i32| from + (to - from) * step / STEPS;
            self.point_at(between(from.0, to.0), between(from.1, to.1));
        }
        let mut tremble = 0;
        wait::until("somebody to take what is dragged", || {
            tremble = (tremble + 1) % 8;
            self.point_at(to.0 + tremble, to.1);
            (neighbour.has_said("taken") > 0).then_some(())
        });
        self.tool(&["mouseup", "1"]);
    }

    /// Locks every keyring, as some do when the person is away for long.
    ///
    /// # Panics
    /// When the Secret Service does not take it.
    pub fn lock_keyring(&self) {
        let done = self
            .command("dbus-send")
            .args([
                "--session",
                "--print-reply",
                "--dest=org.freedesktop.secrets",
                "/org/freedesktop/secrets",
            ])
            .arg("org.freedesktop.Secret.Service.Lock")
            .arg("array:objpath:/org/freedesktop/secrets/collection/login")
            .stdout(Stdio::null())
            .status()
            .expect("dbus-send");
        assert!(done.success(), "the keyring was not locked");
    }

    fn empty(size: (u32, u32)) -> Self {
        let home = tempfile::Builder::new().prefix("starling-desktop").tempdir().expect("a folder");
        for folder in ["run", "data", "config", "cache"] {
            std::fs::create_dir(home.path().join(folder)).expect("a folder");
        }
        restrict(&home.path().join("run"));
        Self { home, display: String::new(), bus_address: String::new(), size, programs: Vec::new() }
    }

    /// Does something with the window of this name, as soon as it is there.
    fn window_tool(&self, name: &str, arguments: &[&str]) {
        let mut all = vec!["search", "--sync", "--onlyvisible", "--name", name];
        all.extend(arguments);
        self.tool(&all);
    }

    fn tool(&self, arguments: &[&str]) {
        let done = self.command("xdotool").args(arguments).status().expect("xdotool");
        assert!(done.success(), "xdotool {arguments:?} failed");
    }

    fn environment(&self) -> Vec<(&'static str, std::ffi::OsString)> {
        let home = self.home.path();
        let mut environment: Vec<(&str, std::ffi::OsString)> = vec![
            ("HOME", home.into()),
            ("XDG_DATA_HOME", home.join("data").into()),
            ("XDG_CONFIG_HOME", home.join("config").into()),
            ("XDG_CACHE_HOME", home.join("cache").into()),
            ("GSETTINGS_BACKEND", "keyfile".into()),
            // No portal runs here; without this GTK waits for one.
            ("GDK_DEBUG", "no-portals".into()),
            ("ADW_DISABLE_PORTAL", "1".into()),
        ];
        if !self.bus_address.is_empty() {
            environment.push(("DBUS_SESSION_BUS_ADDRESS", self.bus_address.clone().into()));
        }
        environment
    }

    fn own_screen(&self) -> [(&'static str, std::ffi::OsString); 6] {
        [
            ("DISPLAY", self.display.clone().into()),
            ("XDG_RUNTIME_DIR", self.home.path().join("run").into()),
            ("LANG", "C.UTF-8".into()),
            ("GDK_BACKEND", "x11".into()),
            // The software renderer draws the same picture on every machine.
            ("GSK_RENDERER", "cairo".into()),
            ("GTK_A11Y", "atspi".into()),
        ]
    }

    fn start_display(&mut self) {
        let mut command = Command::new("Xvfb");
        let size = format!("{}x{}x24", self.size.0, self.size.1);
        command.args(["-displayfd", "1", "-screen", "0", &size, "-nolisten", "tcp", "-noreset"]);
        // The frame buffer is a file: benches look at it without asking anybody.
        command.arg("-fbdir").arg(self.home.path().join("run"));
        self.display = format!(":{}", self.start_and_read(&command, "display"));
    }

    fn start_bus(&mut self) {
        self.start_bus_with("--session");
    }

    fn start_bus_with(&mut self, configuration: &str) {
        let mut command = self.command("dbus-daemon");
        command.args([configuration, "--nofork", "--nopidfile", "--print-address=1"]);
        self.bus_address = self.start_and_read(&command, "bus-address");
    }

    /// Starts a program that prints a line when it is ready, and returns the line. It goes through a file, since the pipes of a
    /// program belong to whoever waits for it.
    fn start_and_read(&mut self, command: &Command, name: &str) -> String {
        let file = self.home.path().join("run").join(name);
        let mut shell = Command::new("sh");
        shell.args(["-c", "exec \"$@\" > \"$0\"", &file.to_string_lossy()]);
        shell.arg(command.get_program()).args(command.get_args());
        shell.envs(command.get_envs().filter_map(|(key, value)| Some((key, value?))));
        self.programs.push(Program::start_quietly(&shell));
        wait::until(&format!("the {name}"), || {
            let text = std::fs::read_to_string(&file).ok()?;
            text.ends_with('\n').then(|| text.trim().to_owned())
        })
    }

    fn start_window_manager(&mut self) {
        let command = self.command("openbox");
        self.programs.push(Program::start_quietly(&command));
    }

    /// Starts the Secret Service with an unlocked keyring, as a login does.
    fn unlock_keyring(&mut self) {
        let mut child = self
            .command("gnome-keyring-daemon")
            .args(["--unlock", "--components=secrets"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("gnome-keyring-daemon");
        if let Some(mut input) = child.stdin.take() {
            input.write_all(b"test").expect("a password for the keyring");
        }
        // It answers with its environment once it is ready, and goes on in the background on our bus.
        if let Some(output) = child.stdout.take() {
            let _ = BufReader::new(output).lines().next();
        }
        let _ = child.wait();
    }
}

/// Stands for the display that the person sits at.
const REAL: &str = "";

/// A session bus that starts nothing but what is in one folder.
const BUS_WITHOUT_SERVICES: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
  "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:tmpdir=/tmp</listen>
  <auth>EXTERNAL</auth>
  <servicedir>SERVICES</servicedir>
  <policy context="default">
    <allow send_destination="*"/>
    <allow receive_sender="*"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#;

fn restrict(folder: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700)).expect("rights of a folder");
}
