"""Another program on the desktop: puts files or a picture into the clipboard, or holds files that can be dragged.

    neighbour.py copy-files PATH…    neighbour.py copy-picture PATH    neighbour.py drag-files PATH…

It says "ready" when it is, "taken" when what is dragged is over somebody who takes it, and ends when it is ended: what is in
a clipboard is there as long as its program.
"""
import sys

import gi

gi.require_version("Gdk", "4.0")
gi.require_version("Gtk", "4.0")
from gi.repository import Gdk, Gio, GLib, GObject, Gtk  # noqa: E402 (after the versions)


def files(paths):
    """What a file manager offers."""
    return Gdk.ContentProvider.new_for_value(Gdk.FileList.new_from_array([Gio.File.new_for_path(path) for path in paths]))


def told(drag, _):
    """Whoever it is over takes it. Let go of before, it would be dropped on nobody."""
    if drag.get_selected_action() == Gdk.DragAction.COPY:
        print("taken")


def show(paths):
    """A window from which files can be dragged."""
    source = Gtk.DragSource(content=files(paths), actions=Gdk.DragAction.COPY)
    source.connect("drag-begin", lambda _, drag: drag.connect("notify::selected-action", told))
    label = Gtk.Label(label="Files", hexpand=True, vexpand=True)
    label.add_controller(source)
    window = Gtk.Window(title="Neighbour", default_width=200, default_height=200, child=label)
    window.connect("map", lambda _: GLib.idle_add(print, "ready"))
    window.present()


verb, *paths = sys.argv[1:]
sys.stdout.reconfigure(line_buffering=True)
Gtk.init()
clipboard = Gdk.Display.get_default().get_clipboard()
if verb == "copy-files":
    clipboard.set_content(files(paths))
    print("ready")
elif verb == "copy-picture":
    picture = Gdk.Texture.new_from_filename(paths[0])
    clipboard.set_content(Gdk.ContentProvider.new_for_value(GObject.Value(Gdk.Texture, picture)))
    print("ready")
else:
    show(paths)
GLib.MainLoop().run()
