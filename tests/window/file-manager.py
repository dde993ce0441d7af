"""Stands in for a file manager: a small window from which the file named by the argument can be dragged.

Says in JSON lines where its middle is on the screen, and how a drag went. It ends when it is killed.
"""

import json
import sys
from pathlib import Path

import gi

gi.require_version("Gdk", "3.0")
gi.require_version("Gtk", "3.0")
from gi.repository import Gdk, Gtk  # noqa: E402


def say(event, **more):
    print(json.dumps({"event": event, **more}), flush=True)


def placed(_window, _event):
    _, left, top = window.get_window().get_origin()
    width, height = window.get_size()
    say("placed", x=left + width // 2, y=top + height // 2)


file = Path(sys.argv[1])
window = Gtk.Window(title="file manager")
window.set_default_size(120, 60)
window.set_decorated(False)
window.set_keep_above(True)
window.move(1150, 790)
box = Gtk.EventBox()
box.add(Gtk.Label(label=file.name))
box.drag_source_set(Gdk.ModifierType.BUTTON1_MASK, [], Gdk.DragAction.COPY)
box.drag_source_add_uri_targets()
box.connect("drag-data-get", lambda _box, _drag, data, _info, _time: data.set_uris([file.as_uri()]))
box.connect("drag-begin", lambda *_: say("begun"))
box.connect("drag-failed", lambda *_: say("failed"))
box.connect("drag-end", lambda *_: say("ended"))
for moment in ("map-event", "configure-event"):
    window.connect(moment, placed)
window.connect("focus-in-event", lambda *_: say("focused"))
window.add(box)
window.show_all()
Gtk.main()
