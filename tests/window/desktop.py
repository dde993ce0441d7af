"""The desktop around the window, on the session bus of the test: it receives notifications and knows the tray.

It speaks JSON, one document a line: what arrives goes to standard output, what to do comes from standard input.
    {"do": "act", "id": N}          somebody clicks on notification N
    {"do": "tray"}                  says {"event": "tray", ...}: the properties of the icon and its menu
    {"do": "click", "label": L}     somebody chooses an entry of the tray's menu
It decides nothing: what should have arrived is the test's business.
"""

import json
import sys
import threading

import dbus
import dbus.service
from dbus.mainloop.glib import DBusGMainLoop
from gi.repository import GLib

NOTIFICATIONS = "org.freedesktop.Notifications"
WATCHER = "org.kde.StatusNotifierWatcher"
ITEM = "org.kde.StatusNotifierItem"
MENU = "com.canonical.dbusmenu"
PROPERTIES = "org.freedesktop.DBus.Properties"


def say(event, **more):
    print(json.dumps({"event": event, **more}, default=str), flush=True)


class Notifications(dbus.service.Object):
    """Takes every notification and shows it to nobody."""

    count = 0

    @dbus.service.method(NOTIFICATIONS, in_signature="susssasa{sv}i", out_signature="u")
    def Notify(self, app, replaces, icon, summary, body, actions, hints, _timeout):
        self.count += 1
        number = int(replaces) or self.count
        say("notification", id=number, app=app, icon=icon, summary=summary, body=body, actions=actions, hints=hints)
        return number

    @dbus.service.method(NOTIFICATIONS, out_signature="as")
    def GetCapabilities(self):
        return ["actions", "body", "persistence"]

    @dbus.service.method(NOTIFICATIONS, out_signature="ssss")
    def GetServerInformation(self):
        return ("window test", "twinlock", "1", "1.2")

    @dbus.service.method(NOTIFICATIONS, in_signature="u")
    def CloseNotification(self, number):
        self.NotificationClosed(number, 3)

    @dbus.service.signal(NOTIFICATIONS, signature="uu")
    def NotificationClosed(self, number, reason):
        pass

    @dbus.service.signal(NOTIFICATIONS, signature="us")
    def ActionInvoked(self, number, action):
        pass


class Tray(dbus.service.Object):
    """The place in the panel where icons register."""

    item = None

    @dbus.service.method(WATCHER, in_signature="s", sender_keyword="sender")
    def RegisterStatusNotifierItem(self, service, sender=None):
        self.item = (sender, service) if service.startswith("/") else (service, "/StatusNotifierItem")
        say("registered")

    @dbus.service.method(WATCHER, in_signature="s")
    def RegisterStatusNotifierHost(self, _service):
        pass

    @dbus.service.method(PROPERTIES, in_signature="ss", out_signature="v")
    def Get(self, _interface, name):
        return self.properties()[name]

    @dbus.service.method(PROPERTIES, in_signature="s", out_signature="a{sv}")
    def GetAll(self, _interface):
        return self.properties()

    def properties(self):
        items = ["".join(self.item)] if self.item else []
        return {
            "RegisteredStatusNotifierItems": dbus.Array(items, signature="s"),
            "IsStatusNotifierHostRegistered": True,
            "ProtocolVersion": dbus.Int32(0),
        }

    def icon(self):
        name, path = self.item
        return dbus.Interface(bus.get_object(name, path), PROPERTIES).GetAll(ITEM)

    def menu(self):
        menu = dbus.Interface(bus.get_object(self.item[0], self.icon()["Menu"]), MENU)
        menu.AboutToShow(0)
        _, (_, _, entries) = menu.GetLayout(0, -1, [])
        return menu, [(int(number), {str(key): value for key, value in shown.items()}) for number, shown, _ in entries]

    def click(self, label):
        menu, entries = self.menu()
        for number, shown in entries:
            if shown.get("label") == label:
                menu.Event(number, "clicked", dbus.String("", variant_level=1), dbus.UInt32(0))
                return
        raise LookupError(f"there is no entry “{label}”")


def obey(line):
    command = json.loads(line)
    try:
        if command["do"] == "act":
            notifications.ActionInvoked(command["id"], "default")
            notifications.NotificationClosed(command["id"], 2)
        elif command["do"] == "tray":
            say("tray", icon=tray.icon(), menu=[shown for _, shown in tray.menu()[1]])
        elif command["do"] == "click":
            tray.click(command["label"])
    except (dbus.DBusException, LookupError, TypeError) as problem:
        say("failed", command=command, problem=str(problem))
    return GLib.SOURCE_REMOVE


def listen():
    for line in sys.stdin:
        GLib.idle_add(obey, line)
    GLib.idle_add(loop.quit)


DBusGMainLoop(set_as_default=True)
bus = dbus.SessionBus()
loop = GLib.MainLoop()
names = [dbus.service.BusName(name, bus, do_not_queue=True) for name in (NOTIFICATIONS, WATCHER)]
notifications = Notifications(bus, "/org/freedesktop/Notifications")
tray = Tray(bus, "/StatusNotifierWatcher")
threading.Thread(target=listen, daemon=True).start()
say("ready")
loop.run()
