#!/usr/bin/env bash
# Runs a command on a screen in memory, with its own session bus, unlocked keychain and throw-away HOME, as a login session
# would have them. Used by `npm start` on a machine without a screen, and by the window tests.
#   on-virtual-screen.sh COMMAND…       TWINLOCK_SCRATCH names an empty folder to live in, else one is made and removed
set -euo pipefail
. "$(dirname "$0")/lib.sh"

if [ "${1:-}" != --inside ]; then
  scratch=${TWINLOCK_SCRATCH:-}
  if [ -z "$scratch" ]; then
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
  fi
  mkdir -p "$scratch/run"
  chmod 700 "$scratch" "$scratch/run"
  # Only what a program on a screen needs; in particular no variable that points at the person's own session.
  env -u WAYLAND_DISPLAY -u DBUS_SESSION_BUS_ADDRESS -u XDG_DATA_HOME -u XDG_CONFIG_HOME -u XDG_CACHE_HOME -u XDG_STATE_HOME \
    HOME="$scratch" XDG_RUNTIME_DIR="$scratch/run" CARGO_HOME="${CARGO_HOME:-$HOME/.cargo}" RUSTUP_HOME="${RUSTUP_HOME:-$HOME/.rustup}" \
    xvfb-run --auto-servernum --server-args='-screen 0 1280x860x24 -nolisten tcp' \
    dbus-run-session -- bash "$root/scripts/on-virtual-screen.sh" --inside "$@"
  exit
fi
shift

# Started before the first client call: otherwise the bus starts a locked one. The password protects a keychain that is
# thrown away with the folder it lies in.
printf 'throw-away' | gnome-keyring-daemon --foreground --unlock --components=secrets >/dev/null 2>&1 &
keyring=$!
command_pid=
# shellcheck disable=SC2317  # called by the trap
finish() {
  [ -z "$command_pid" ] || kill "$command_pid" 2>/dev/null || true
  kill "$keyring" 2>/dev/null || true
}
trap finish EXIT
trap 'exit 143' INT TERM

deadline=$((SECONDS + 30))
until dbus-send --session --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.NameHasOwner string:org.freedesktop.secrets 2>/dev/null | grep -q 'boolean true'; do
  kill -0 "$keyring" 2>/dev/null || stop "the keychain (gnome-keyring-daemon) ended at once."
  [ "$SECONDS" -lt "$deadline" ] || stop "the keychain (gnome-keyring-daemon) did not appear on the session bus within 30 seconds."
  sleep 0.1
done

"$@" &
command_pid=$!
status=0
wait "$command_pid" || status=$?
command_pid=
exit "$status"
