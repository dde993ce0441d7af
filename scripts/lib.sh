# What the scripts share: where the repository is, how they speak, and which machine this is.
# Sourced by bash, never run; it changes nothing by itself.

# shellcheck shell=bash
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf '%s\n' "$*"; }
title() { printf '\n== %s\n' "$*"; }

# Ends the script. The message says what is wrong and what to do.
stop() {
  printf '\nStopped: %s\n' "$*" >&2
  exit 1
}

# Is there no screen to open a window on? Only Linux can lack one in a way that we can see.
no_display() {
  [ "$(uname -s)" = Linux ] && [ -z "${DISPLAY:-}" ] && [ -z "${WAYLAND_DISPLAY:-}" ]
}

# Where cargo puts what it builds, whoever set it and however.
target_directory() {
  cargo metadata --format-version 1 --no-deps --manifest-path "$root/Cargo.toml" \
    | node -e 'let s = ""; process.stdin.on("data", d => s += d).on("end", () => console.log(JSON.parse(s).target_directory))'
}

# The sha256 of files, for stamps that say "this was installed from exactly these".
fingerprint() { cat -- "$@" | openssl dgst -sha256 -r | cut -d' ' -f1; }
