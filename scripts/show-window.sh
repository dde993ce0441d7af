#!/usr/bin/env bash
# Opens the app (TWINLOCK_APP) on the screen it is given, waits until its window is there and drawn, leaves a picture of it,
# and keeps it open until it is ended. With TWINLOCK_START_ONCE=1 it ends the app itself, and says so, when the picture is taken.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

picture=$root/pictures/window.png
seconds_allowed=120
mkdir -p "$root/pictures"
rm -f "$picture"

"$TWINLOCK_APP" &
app=$!
trap 'kill "$app" 2>/dev/null || true; wait "$app" 2>/dev/null || true' EXIT
trap 'exit 143' INT TERM

# A window of this process that is on the screen and shows more than a flat colour: letters alone have dozens of shades.
drawn() {
  local window shades
  window=$(xdotool search --onlyvisible --pid "$app" --name . 2>/dev/null | head -1) || return 1
  [ -n "$window" ] || return 1
  import -silent -window "$window" "$picture.part.png" 2>/dev/null || return 1
  shades=$(identify -format '%k' "$picture.part.png") || return 1
  [ "$shades" -ge 16 ]
}

deadline=$((SECONDS + seconds_allowed))
until drawn; do
  kill -0 "$app" 2>/dev/null || stop "the app ended before it showed a window. What it said is above."
  if [ "$SECONDS" -ge "$deadline" ]; then
    import -silent -window root "$picture" 2>/dev/null || true
    stop "no drawn window within $seconds_allowed seconds. The whole screen as it is now: pictures/window.png"
  fi
  sleep 0.2
done
mv "$picture.part.png" "$picture"
say
say "The window is open. A picture of it: pictures/window.png"

if [ -n "${TWINLOCK_START_ONCE:-}" ]; then
  say "TWINLOCK_START_ONCE is set: ending here."
  exit 0
fi
say "Running until Ctrl-C."
status=0
wait "$app" || status=$?
exit "$status"
