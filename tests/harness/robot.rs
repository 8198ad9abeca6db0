//! Uses a window over the accessibility bus, as a screen reader does: by role and by name.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use zbus::blocking::{Connection, Proxy, connection};
use zbus::zvariant::{OwnedObjectPath, OwnedValue};

use crate::{Desktop, wait};

/// After this long without a menu a person presses again.
const A_WHILE: Duration = Duration::from_secs(5);

/// Speaks to the accessibility bus of a [`Desktop`](crate::Desktop).
#[derive(Clone)]
pub struct Robot {
    bus: Connection,
    pointer: Pointer,
}

/// The pointer of a desktop.
#[derive(Clone, Debug)]
struct Pointer {
    display: std::sync::Arc<str>,
}

impl Pointer {
    /// Clicks at a place of the active window.
    #[track_caller]
    fn click(&self, x: i32, y: i32, button: &str) {
        self.go(x, y);
        assert!(self.tool(&["click", button]), "xdotool failed");
    }

    /// Moves to a place of the active window, as soon as there is one.
    #[track_caller]
    fn go(&self, x: i32, y: i32) {
        let (x, y) = (x.to_string(), y.to_string());
        wait::until("a window to be active", || {
            self.tool(&["getactivewindow", "mousemove", "--window", "%1", &x, &y]).then_some(())
        });
    }

    fn tool(&self, arguments: &[&str]) -> bool {
        let mut command = std::process::Command::new("xdotool");
        command.env("DISPLAY", &*self.display).args(arguments);
        command.status().is_ok_and(|status| status.success())
    }
}

/// Something on the screen: a button, a text, a list.
#[derive(Clone, Debug)]
pub struct Node {
    bus: Connection,
    pointer: Pointer,
    owner: String,
    path: OwnedObjectPath,
}

type Reference = (String, OwnedObjectPath);

impl Robot {
    /// Finds the accessibility bus of `desktop`.
    ///
    /// # Panics
    /// When at-spi2-core is missing.
    pub fn connect(desktop: &Desktop) -> Self {
        let session = connection::Builder::address(desktop.bus_address())
            .and_then(connection::Builder::build)
            .expect("the session bus");
        let status =
            Proxy::new(&session, "org.a11y.Bus", "/org/a11y/bus", "org.a11y.Status").expect("a proxy");
        status.set_property("IsEnabled", true).expect("accessibility can be switched on");
        let finder = Proxy::new(&session, "org.a11y.Bus", "/org/a11y/bus", "org.a11y.Bus").expect("a proxy");
        let address: String = finder.call("GetAddress", &()).expect("the accessibility bus");
        let bus = connection::Builder::address(address.as_str())
            .and_then(connection::Builder::build)
            .expect("the accessibility bus");
        Self { bus, pointer: Pointer { display: desktop.display().into() } }
    }

    /// Waits for something with this role and name, anywhere.
    ///
    /// # Panics
    /// When it does not appear; says what was there instead.
    #[track_caller]
    pub fn find(&self, role: &str, name: &str) -> Node {
        self.find_where(&format!("{role} “{name}”"), |node| node.role() == role && node.name() == name)
    }

    /// Waits for something with this name, whatever it is.
    #[track_caller]
    pub fn find_named(&self, name: &str) -> Node {
        self.find_where(&format!("“{name}”"), |node| node.name() == name)
    }

    /// Waits for a field for text with this name.
    #[track_caller]
    pub fn find_entry(&self, name: &str) -> Node {
        self.find_where(&format!("field “{name}”"), |node| {
            node.name() == name && node.search(&|node| node.takes_text()).is_some()
        })
    }

    /// Waits for anything whose name or text contains these words.
    #[track_caller]
    pub fn find_text(&self, words: &str) -> Node {
        self.find_where(&format!("“…{words}…”"), |node| {
            node.name().contains(words) || node.text().contains(words)
        })
    }

    /// Whether something with this role and name is on the screen now.
    pub fn sees(&self, role: &str, name: &str) -> bool {
        self.desktop().search(&|node| node.role() == role && node.name() == name).is_some()
    }

    /// Whether a field for text with this name is on the screen now.
    pub fn sees_entry(&self, name: &str) -> bool {
        let fits = |node: &Node| node.name() == name && node.search(&|node| node.takes_text()).is_some();
        self.desktop().search(&fits).is_some()
    }

    /// Whether something with these words in its name is on the screen now.
    pub fn sees_text(&self, words: &str) -> bool {
        self.desktop().search(&|node| node.name().contains(words)).is_some()
    }

    /// Whether the history on the screen is of somebody with these words in the name: the page around it is named so.
    pub fn sees_page_of(&self, words: &str) -> bool {
        let is_history = |node: &Node| node.role() == "list" && node.name() == "Messages";
        let is_page = |node: &Node| {
            node.role() == "group" && node.name().contains(words) && node.search(&is_history).is_some()
        };
        self.desktop().search(&is_page).is_some()
    }

    /// Waits until nothing with this role and name is on the screen.
    ///
    /// # Panics
    /// When it stays; says what there was.
    #[track_caller]
    pub fn wait_gone(&self, role: &str, name: &str) {
        let start = Instant::now();
        while self.sees(role, name) {
            assert!(
                start.elapsed() < wait::PATIENCE,
                "{role} “{name}” stayed. There was:\n{}",
                self.describe()
            );
            std::thread::sleep(Duration::from_millis(30));
        }
    }

    /// Waits for the first thing that `fits`; `what` names it should it never come.
    ///
    /// # Panics
    /// When it does not appear; says what was there instead.
    #[track_caller]
    pub fn find_where(&self, what: &str, fits: impl Fn(&Node) -> bool) -> Node {
        let start = Instant::now();
        loop {
            if let Some(node) = self.desktop().search(&fits) {
                return node;
            }
            assert!(start.elapsed() < wait::PATIENCE, "no {what} appeared. There was:\n{}", self.describe());
            std::thread::sleep(Duration::from_millis(30));
        }
    }

    /// What is on the screen, as an indented text.
    pub fn describe(&self) -> String {
        let mut text = String::new();
        self.desktop().describe(0, &mut text);
        text
    }

    fn desktop(&self) -> Node {
        Node {
            bus: self.bus.clone(),
            pointer: self.pointer.clone(),
            owner: "org.a11y.atspi.Registry".to_owned(),
            path: OwnedObjectPath::try_from("/org/a11y/atspi/accessible/root").expect("a path"),
        }
    }
}

impl Node {
    /// Its role, in the words of AT-SPI: `button`, `entry`, `list item`…
    pub fn role(&self) -> String {
        self.call("Accessible", "GetRoleName", &()).unwrap_or_default()
    }

    /// Its accessible name.
    pub fn name(&self) -> String {
        self.property("Accessible", "Name").unwrap_or_default()
    }

    /// Its accessible description.
    pub fn description(&self) -> String {
        self.property("Accessible", "Description").unwrap_or_default()
    }

    /// The number that a slider stands at.
    pub fn value(&self) -> f64 {
        self.property("Value", "CurrentValue").unwrap_or_default()
    }

    /// What stands directly in it.
    pub fn children(&self) -> Vec<Node> {
        let children: Vec<Reference> = self.call("Accessible", "GetChildren", &()).unwrap_or_default();
        children
            .into_iter()
            .map(|(owner, path)| Node { bus: self.bus.clone(), pointer: self.pointer.clone(), owner, path })
            .collect()
    }

    /// Whether something with this role and a name stands around it.
    pub fn is_within(&self, role: &str) -> bool {
        let parent: zbus::Result<Reference> = self.property("Accessible", "Parent");
        let Ok((owner, path)) = parent else { return false };
        let around = Node { bus: self.bus.clone(), pointer: self.pointer.clone(), owner, path };
        let kind = around.role();
        !kind.is_empty() && ((kind == role && !around.name().is_empty()) || around.is_within(role))
    }

    /// The first thing in it that `fits`, itself included. What is not showing is passed over with all that is in it.
    pub fn search(&self, fits: &impl Fn(&Node) -> bool) -> Option<Node> {
        if fits(self) {
            return Some(self.clone());
        }
        self.children().into_iter().filter(Node::is_showing).find_map(|child| child.search(fits))
    }

    /// Waits for something with this role and name in it.
    #[track_caller]
    #[must_use]
    pub fn find(&self, role: &str, name: &str) -> Node {
        wait::until(&format!("{role} “{name}” in “{}”", self.name()), || {
            self.search(&|node| node.role() == role && node.name() == name)
        })
    }

    /// All things in it that `fits`.
    pub fn search_all(&self, fits: &impl Fn(&Node) -> bool) -> Vec<Node> {
        let mut found = if fits(self) { vec![self.clone()] } else { Vec::new() };
        for child in self.children().iter().filter(|child| child.is_showing()) {
            found.extend(child.search_all(fits));
        }
        found
    }

    /// Whether it can be seen. Programs have no state and count as showing.
    pub fn is_showing(&self) -> bool {
        self.states().is_none_or(|states| states & (1 << SHOWING) != 0 || self.role() == "application")
    }

    /// Whether it can be used now.
    pub fn is_sensitive(&self) -> bool {
        self.states().is_some_and(|states| states & (1 << SENSITIVE) != 0)
    }

    /// Whether it is the one that is chosen, of several.
    pub fn is_checked(&self) -> bool {
        self.states().is_some_and(|states| states & (1 << CHECKED) != 0)
    }

    /// Whether it is pressed, and stays so.
    pub fn is_pressed(&self) -> bool {
        self.states().is_some_and(|states| states & (1 << PRESSED) != 0)
    }

    /// Whether it can have the keyboard.
    pub fn is_focusable(&self) -> bool {
        self.states().is_some_and(|states| states & (1 << FOCUSABLE) != 0)
    }

    /// Whether it has the keyboard.
    pub fn is_focused(&self) -> bool {
        self.states().is_some_and(|states| states & (1 << FOCUSED) != 0)
    }

    /// Presses it.
    ///
    /// # Panics
    /// When it cannot be pressed.
    #[track_caller]
    pub fn click(&self) {
        let done: bool = self
            .call("Action", "DoAction", &(0i32,))
            .unwrap_or_else(|error| panic!("cannot press {}: {error}", self.name()));
        assert!(done, "{} did not take the press", self.name());
    }

    /// Clicks in the middle of it with the pointer: rows have no action of their own on the accessibility bus, and GTK gives
    /// nothing the focus over it.
    ///
    /// # Panics
    /// When it has no size.
    #[track_caller]
    pub fn point(&self) {
        let (x, y) = self.middle();
        self.pointer.click(x, y, "1");
    }

    /// Opens its menu with the pointer. While the menu before it goes, the pointer may still be that one's: as a person
    /// would, one presses again when nothing comes of it.
    ///
    /// # Panics
    /// When it has no size, or no menu.
    #[track_caller]
    pub fn point_for_menu(&self) {
        let robot = Robot { bus: self.bus.clone(), pointer: self.pointer.clone() };
        let is_item = |node: &Node| node.role().ends_with("menu item");
        let mut pressed: Option<Instant> = None;
        wait::until(&format!("the menu of “{}”", self.name()), || {
            if pressed.is_none_or(|at| at.elapsed() > A_WHILE) {
                let (x, y) = self.middle();
                self.pointer.click(x, y, "3");
                pressed = Some(Instant::now());
            }
            robot.desktop().search(&is_item).map(|_| ())
        });
    }

    /// Moves the pointer over it.
    ///
    /// # Panics
    /// When it has no size.
    #[track_caller]
    pub fn hover(&self) {
        let (x, y) = self.middle();
        self.pointer.go(x, y);
    }

    /// Its middle, once it stands still: what slides in would be missed.
    #[track_caller]
    fn middle(&self) -> (i32, i32) {
        let mut last = (0, 0, 0, 0);
        let (x, y, width, height) = wait::until(&format!("“{}” to have a place", self.name()), || {
            let place = self.extents();
            let before = std::mem::replace(&mut last, place);
            let rests = place == before && place.2 > 0 && place.3 > 0;
            if !rests {
                std::thread::sleep(Duration::from_millis(40));
            }
            rests.then_some(place)
        });
        (x + width / 2, y + height / 2)
    }

    /// Gives it the keyboard.
    ///
    /// # Panics
    /// When it does not take it.
    #[track_caller]
    pub fn focus(&self) {
        self.point();
        wait::until(&format!("“{}” to take the focus", self.name()), || {
            self.search(&Node::is_focused).map(|_| ())
        });
    }

    /// The text in it.
    pub fn text(&self) -> String {
        self.call("Text", "GetText", &(0i32, -1i32)).unwrap_or_default()
    }

    /// Replaces the text in it.
    ///
    /// # Panics
    /// When it takes no text.
    #[track_caller]
    pub fn set_text(&self, text: &str) {
        let target = self.search(&Node::takes_text);
        let target = target.unwrap_or_else(|| panic!("{} takes no text", self.name()));
        let done: Result<bool, _> = target.call("EditableText", "SetTextContents", &(text,));
        assert!(done.is_ok_and(|done| done), "{} did not take the text", self.name());
    }

    /// Where it is in its window: x, y, width, height in pixels.
    pub fn extents(&self) -> (i32, i32, i32, i32) {
        self.call("Component", "GetExtents", &(WINDOW_COORDINATES,)).unwrap_or_default()
    }

    /// Attributes, such as its place in a set.
    pub fn attributes(&self) -> HashMap<String, String> {
        self.call("Accessible", "GetAttributes", &()).unwrap_or_default()
    }

    /// Whether text can be put into it.
    pub fn takes_text(&self) -> bool {
        self.interfaces().iter().any(|name| name.ends_with("EditableText"))
    }

    fn interfaces(&self) -> Vec<String> {
        self.call("Accessible", "GetInterfaces", &()).unwrap_or_default()
    }

    fn states(&self) -> Option<u64> {
        let words: Vec<u32> = self.call("Accessible", "GetState", &()).ok()?;
        match words[..] {
            [low, high, ..] if low != 0 || high != 0 => Some(u64::from(high) << 32 | u64::from(low)),
            _ => None,
        }
    }

    fn describe(&self, depth: usize, text: &mut String) {
        use std::fmt::Write;
        let _ = writeln!(
            text,
            "{:depth$}{} “{}” {}{}",
            "",
            self.role(),
            self.name(),
            if self.is_showing() { "" } else { "(hidden)" },
            if self.is_focused() { "(has the keyboard)" } else { "" }
        );
        for child in self.children().iter().filter(|child| child.is_showing()).take(60) {
            child.describe(depth + 1, text);
        }
    }

    fn call<Arguments, Answer>(
        &self,
        interface: &str,
        method: &str,
        arguments: &Arguments,
    ) -> zbus::Result<Answer>
    where
        Arguments: serde::Serialize + zbus::zvariant::DynamicType,
        Answer: for<'d> zbus::zvariant::DynamicDeserialize<'d>,
    {
        self.proxy(interface)?.call(method, arguments)
    }

    fn property<Answer>(&self, interface: &str, name: &str) -> zbus::Result<Answer>
    where
        Answer: TryFrom<OwnedValue>,
        Answer::Error: Into<zbus::Error>,
    {
        self.proxy(interface)?.get_property(name)
    }

    fn proxy(&self, interface: &str) -> zbus::Result<Proxy<'static>> {
        zbus::blocking::proxy::Builder::new(&self.bus)
            .destination(self.owner.clone())?
            .path(self.path.clone())?
            .interface(format!("org.a11y.atspi.{interface}"))?
            .cache_properties(zbus::proxy::CacheProperties::No)
            .build()
    }
}

/// Bits of `AtspiStateType`.
const CHECKED: u32 = 4;
const FOCUSABLE: u32 = 11;
const FOCUSED: u32 = 12;
const PRESSED: u32 = 20;
const SENSITIVE: u32 = 24;
const SHOWING: u32 = 25;
/// `ATSPI_COORD_TYPE_WINDOW`.
const WINDOW_COORDINATES: u32 = 1;
