"""Another program at the clipboard. Without arguments it says, as JSON, what it would get on pasting: the text, or an empty one,
and what whoever copied it told clipboard managers. With a text it copies that, says so, and keeps it until its input ends."""

import json
import sys

import gi

gi.require_version("Gdk", "3.0")
gi.require_version("Gtk", "3.0")
from gi.repository import Gdk, GLib, Gtk  # noqa: E402

clipboard = Gtk.Clipboard.get(Gdk.SELECTION_CLIPBOARD)
if len(sys.argv) > 1:
    clipboard.set_text(sys.argv[1], -1)
    print(json.dumps({"event": "copied"}), flush=True)
    GLib.io_add_watch(sys.stdin.fileno(), GLib.PRIORITY_DEFAULT, GLib.IOCondition.HUP, Gtk.main_quit)
    Gtk.main()
else:
    hint = clipboard.wait_for_contents(Gdk.Atom.intern("x-kde-passwordManagerHint", False))
    told = bytes(hint.get_data()).decode() if hint else ""
    print(json.dumps({"text": clipboard.wait_for_text() or "", "hint": told}))
