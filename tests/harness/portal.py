"""Portals of a desktop: a screen and a camera that programs may be allowed to see.

    portal.py RUNTIME SCREEN CAMERA

Stands in for xdg-desktop-portal, whose questions need a desktop environment, with somebody who answers at once. PipeWire is the
real one, in the folder RUNTIME that programs do not know: only what is handed over leads there. SCREEN and CAMERA say what is
seen, in the words of GStreamer; without a session manager, this program links who looks with what they look at.

SIGUSR1: the next question is answered with no. SIGUSR2: the desktop ends what is shared. It says "ready", "asked", "shared" and
"closed".
"""
import itertools
import json
import os
import signal
import socket
import subprocess
import sys

from gi.repository import Gio, GLib

PATH = "/org/freedesktop/portal/desktop"
SESSION = "org.freedesktop.portal.Session"
FACES = """<node>
<interface name="org.freedesktop.portal.ScreenCast">
  <property name="AvailableSourceTypes" type="u" access="read"/>
  <property name="AvailableCursorModes" type="u" access="read"/>
  <method name="CreateSession"><arg type="a{sv}" direction="in"/><arg type="o" direction="out"/></method>
  <method name="SelectSources"><arg type="o" direction="in"/><arg type="a{sv}" direction="in"/><arg type="o" direction="out"/></method>
  <method name="Start"><arg type="o" direction="in"/><arg type="s" direction="in"/><arg type="a{sv}" direction="in"/><arg type="o" direction="out"/></method>
  <method name="OpenPipeWireRemote"><arg type="o" direction="in"/><arg type="a{sv}" direction="in"/><arg type="h" direction="out"/></method>
</interface>
<interface name="org.freedesktop.portal.Camera">
  <property name="IsCameraPresent" type="b" access="read"/>
  <method name="AccessCamera"><arg type="a{sv}" direction="in"/><arg type="o" direction="out"/></method>
  <method name="OpenPipeWireRemote"><arg type="a{sv}" direction="in"/><arg type="h" direction="out"/></method>
</interface>
<interface name="org.freedesktop.portal.Session"><method name="Close"/></interface>
</node>"""
PROPERTIES = {
    "AvailableSourceTypes": GLib.Variant("u", 3),
    "AvailableCursorModes": GLib.Variant("u", 7),
    "IsCameraPresent": GLib.Variant("b", True),
}


class PipeWire:
    """The daemon, what is seen in it, and who looks."""

    def __init__(self, runtime):
        os.makedirs(runtime, mode=0o700)
        self.socket = os.path.join(runtime, "pipewire-0")
        self.environment = {**os.environ, "XDG_RUNTIME_DIR": runtime}
        self.start("pipewire")
        GLib.timeout_add(250, self.link)

    def start(self, *command):
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        return subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "--", *command], env=self.environment, **quiet)

    def show(self, name, words):
        """Something to be seen, under this name."""
        properties = f"props,media.class=Video/Source,node.name={name}"
        sink = f"pipewiresink mode=provide stream-properties={properties}"
        return self.start("gst-launch-1.0", "-q", *f"{words} ! {sink}".split())

    def objects(self, kind):
        said = subprocess.run(["pw-dump"], env=self.environment, capture_output=True, check=False).stdout
        found = json.loads(said or "[]")
        return [(each["id"], each["info"]) for each in found if each["type"].endswith(kind) and each.get("info")]

    def number(self, name):
        """The number of what has this name, once it is there."""
        return next((number for number, info in self.objects(":Node") if info["props"].get("node.name") == name), None)

    def link(self):
        linked = {info["input-port-id"] for _, info in self.objects(":Link")}
        ports = self.objects(":Port")
        for number, info in self.objects(":Node"):
            if info["props"].get("media.class") != "Stream/Input/Video":
                continue
            wanted = info["props"].get("target.object") or info["props"].get("node.target") or self.number("camera")
            ends = [
                [port for port, about in ports if about["props"]["node.id"] == int(node) and about["direction"] == way]
                for node, way in ((wanted or -1, "output"), (number, "input"))
            ]
            if all(ends) and ends[1][0] not in linked:
                command = ["pw-link", str(ends[0][0]), str(ends[1][0])]
                subprocess.run(command, env=self.environment, capture_output=True, check=False)
        return True

    def connection(self):
        way = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        way.connect(self.socket)
        return way


class Portal:
    def __init__(self, bus, pipewire, screen, camera):
        self.bus, self.pipewire, self.screen, self.camera = bus, pipewire, screen, camera
        self.declines = False
        self.session = self.source = None
        self.cameras = None
        self.counter = itertools.count()
        *faces, self.session_face = Gio.DBusNodeInfo.new_for_xml(FACES).interfaces
        for face in faces:
            bus.register_object(PATH, face, self.called, lambda *about: PROPERTIES[about[4]], None)
        GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, signal.SIGUSR1, self.decline)
        GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, signal.SIGUSR2, self.end)

    def decline(self):
        self.declines = True
        return True

    def called(self, _bus, sender, _path, interface, method, arguments, call):
        if method == "OpenPipeWireRemote":
            files = Gio.UnixFDList()
            with self.pipewire.connection() as way:
                files.append(way.fileno())
            call.return_value_with_unix_fd_list(GLib.Variant("(h)", (0,)), files)
            return
        options = arguments.unpack()[-1]
        request = f"{PATH}/request/{sender[1:].replace('.', '_')}/{options['handle_token']}"
        call.return_value(GLib.Variant("(o)", (request,)))
        answer = getattr(self, method)(sender, options)
        GLib.timeout_add(100, self.answer, sender, request, method in ("Start", "AccessCamera"), answer)

    def answer(self, sender, request, is_asked, answer):
        """Answers as soon as there is an answer, which the person may have a say in."""
        if is_asked and self.declines:
            self.declines = False
            self.respond(sender, request, 1, {})
            return False
        results = answer()
        if results is not None:
            self.respond(sender, request, 0, results)
        return results is None

    def respond(self, sender, request, response, results):
        said = GLib.Variant("(ua{sv})", (response, results))
        self.bus.emit_signal(sender, request, "org.freedesktop.portal.Request", "Response", said)

    def CreateSession(self, sender, options):
        path = f"{PATH}/session/{sender[1:].replace('.', '_')}/{options['session_handle_token']}"
        number = self.bus.register_object(path, self.session_face, self.close, None, None)
        self.session = (sender, path, number)
        return lambda: {"session_handle": GLib.Variant("s", path)}

    def SelectSources(self, _sender, _options):
        return dict

    def Start(self, _sender, _options):
        print("asked")
        name = f"screen-{next(self.counter)}"
        if not self.declines:
            self.source = self.pipewire.show(name, self.screen)

        def started():
            number = self.pipewire.number(name)
            if number is None:
                return None
            print("shared")
            return {"streams": GLib.Variant("a(ua{sv})", [(number, {})])}

        return started

    def AccessCamera(self, _sender, _options):
        print("asked")
        GLib.timeout_add(100, self.keep_camera)
        return lambda: {} if self.pipewire.number("camera") else None

    def keep_camera(self):
        """Whoever looked ends it by leaving."""
        if self.cameras is None or self.cameras.poll() is not None:
            self.cameras = self.pipewire.show("camera", self.camera)
        return True

    def close(self, *about):
        about[-1].return_value(None)
        self.forget()

    def forget(self):
        self.bus.unregister_object(self.session[2])
        if self.source:
            self.source.kill()
        self.session = self.source = None
        print("closed")

    def end(self):
        sender, path, _ = self.session
        self.bus.emit_signal(sender, path, SESSION, "Closed", GLib.Variant("(a{sv})", ({},)))
        self.forget()
        return True


sys.stdout.reconfigure(line_buffering=True)
runtime, screen, camera = sys.argv[1:]
bus = Gio.bus_get_sync(Gio.BusType.SESSION)
portal = Portal(bus, PipeWire(runtime), screen, camera)
Gio.bus_own_name_on_connection(bus, "org.freedesktop.portal.Desktop", Gio.BusNameOwnerFlags.NONE, lambda *_: print("ready"), None)
GLib.MainLoop().run()
