#!/usr/bin/env bash
# `npm start`: sets up, builds the page and the desktop app, and opens it. On a machine without a screen it opens the window
# on a screen in memory, in a throw-away home, and leaves a picture of it.
# TWINLOCK_START_ONCE=1 stops, with status 0, as soon as the window has been drawn there.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
cd "$root"

bash scripts/setup.sh build

title "The page"
npm run --silent ui:build

# The debug profile: it builds in a third of the time of a release, shares everything with the tests, and the cryptography
# in it is optimised all the same. The whole workspace, because only then cargo compiles what the tests will use.
title "The programs (the first time takes some minutes)"
cargo build --locked --workspace --bins
app=$(target_directory)/debug/twinlock-desktop

if ! no_display; then
  title "Twinlock"
  say "Opening the window. Closing it leaves the tray; Ctrl-C here ends it."
  exec "$app"
fi

title "Twinlock, without a screen"
say "DISPLAY and WAYLAND_DISPLAY are empty, so the window opens on a screen in memory (Xvfb), with a session bus and a"
say "keychain of its own and a home that is thrown away at the end. Nothing of yours is read or written."
home=$(mktemp -d)
# A process group of its own, so that ending means ending all of it: screen, bus, keychain, app.
set -m
TWINLOCK_SCRATCH="$home" TWINLOCK_APP="$app" bash scripts/on-virtual-screen.sh bash scripts/show-window.sh &
group=$!
set +m
finish() {
  kill -TERM -- "-$group" 2>/dev/null || true
  wait "$group" 2>/dev/null || true
  rm -rf "$home"
}
trap finish EXIT
trap 'say; say "Ended."; exit 0' INT TERM
wait "$group"
