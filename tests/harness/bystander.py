"""What else runs on a desktop: a player of music, or what shows notifications.

    bystander.py player          plays, and says "Pause" and "Play" when it is told so
    bystander.py notifications   says what it shows, and what it takes away again

Notifications: SIGUSR1 presses the first button of what was shown last, SIGUSR2 the second.
"""
import signal
import sys

from gi.repository import Gio, GLib

FACES = {
    "player": """<node><interface name="org.mpris.MediaPlayer2.Player">
        <property name="PlaybackStatus" type="s" access="read"/><method name="Pause"/><method name="Play"/>
        </interface></node>""",
    "notifications": """<node><interface name="org.freedesktop.Notifications">
        <method name="GetCapabilities"><arg type="as" direction="out"/></method>
        <method name="GetServerInformation"><arg type="s" direction="out"/><arg type="s" direction="out"/>
          <arg type="s" direction="out"/><arg type="s" direction="out"/></method>
        <method name="CloseNotification"><arg type="u" direction="in"/></method>
        <method name="Notify"><arg type="s" direction="in"/><arg type="u" direction="in"/><arg type="s" direction="in"/>
          <arg type="s" direction="in"/><arg type="s" direction="in"/><arg type="as" direction="in"/>
          <arg type="a{sv}" direction="in"/><arg type="i" direction="in"/><arg type="u" direction="out"/></method>
        </interface></node>""",
}


class Player:
    name, path = "org.mpris.MediaPlayer2.radio", "/org/mpris/MediaPlayer2"
    status = "Playing"

    def called(self, _bus, _sender, _path, _interface, method, _arguments, call):
        self.status = {"Pause": "Paused", "Play": "Playing"}[method]
        print(method)
        call.return_value(None)

    def read(self, *_about):
        return GLib.Variant("s", self.status)


class Notifications:
    name, path = "org.freedesktop.Notifications", "/org/freedesktop/Notifications"
    read = None
    count = 0
    buttons = ()

    def called(self, _bus, _sender, _path, _interface, method, arguments, call):
        getattr(self, method)(arguments.unpack(), call)

    def GetCapabilities(self, _arguments, call):
        call.return_value(GLib.Variant("(as)", (["actions", "body"],)))

    def GetServerInformation(self, _arguments, call):
        call.return_value(GLib.Variant("(ssss)", ("bystander", "tests", "1", "1.2")))

    def CloseNotification(self, _arguments, call):
        print("closed")
        call.return_value(None)

    def Notify(self, arguments, call):
        _, _, _, summary, body, actions, _, _ = arguments
        pairs = list(zip(actions[::2], actions[1::2]))
        self.buttons = [key for key, label in pairs if key != "default"]
        self.count += 1
        print(": ".join([summary, body, *(label for key, label in pairs if key != "default")]))
        call.return_value(GLib.Variant("(u)", (self.count,)))

    def press(self, place):
        pressed = GLib.Variant("(us)", (self.count, self.buttons[place]))
        bus.emit_signal(None, self.path, self.name, "ActionInvoked", pressed)
        return True


sys.stdout.reconfigure(line_buffering=True)
verb = sys.argv[1]
bystander = Player() if verb == "player" else Notifications()
for place, number in enumerate((signal.SIGUSR1, signal.SIGUSR2)):
    GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, number, lambda place=place: bystander.press(place))
bus = Gio.bus_get_sync(Gio.BusType.SESSION)
face = Gio.DBusNodeInfo.new_for_xml(FACES[verb]).interfaces[0]
bus.register_object(bystander.path, face, bystander.called, bystander.read, None)
Gio.bus_own_name_on_connection(bus, bystander.name, Gio.BusNameOwnerFlags.NONE, lambda *_: print("ready"), None)
GLib.MainLoop().run()
