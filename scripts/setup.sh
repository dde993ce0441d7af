#!/usr/bin/env bash
# Installs what Twinlock needs and is not there yet, saying what and why. Safe to repeat: a second run installs nothing.
#   setup.sh build   what `npm start` needs
#   setup.sh test    that, and what `npm test` needs
# Everything comes through the ordinary clients: apt, npm, cargo and pip. It asks for sudo only when packages are missing.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
cd "$root"

mode=${1:-build}
case $mode in build | test) ;; *) stop "setup.sh is run as 'setup.sh build' or 'setup.sh test', not '$mode'." ;; esac

# Versions that these scripts were tried with. An installed tool of another version is used as it is.
cargo_nextest=0.9.151
cargo_deny=0.20.2

# ---- what must be there before us ---------------------------------------------------------------------------------

need_rust=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml | head -1)
need_node=20.19.0
at_least() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -1)" = "$1" ]; }

command -v cargo >/dev/null || stop "Rust $need_rust or newer is needed and 'cargo' is not on the path. Install it from rustup.rs, then run this again."
command -v node >/dev/null || stop "Node $need_node or newer is needed and 'node' is not on the path. Install it from nodejs.org, then run this again."
have_rust=$(rustc --version | cut -d' ' -f2)
have_node=$(node --version | tr -d v)
at_least "$need_rust" "$have_rust" || stop "Rust $need_rust or newer is needed, this is $have_rust. 'rustup update stable' brings it."
at_least "$need_node" "$have_node" || stop "Node $need_node or newer is needed, this is $have_node."

# ---- system packages ----------------------------------------------------------------------------------------------

# One line each: package, then why. To build the programs:
build_packages='
build-essential             a C compiler: SQLite and the TLS library are built from source
pkg-config                  finds the libraries below
file                        used by the bundler
patchelf                    used by the bundler
libwebkit2gtk-4.1-dev       the web view that draws the window
libayatana-appindicator3-dev  the icon in the tray
librsvg2-dev                icons
libxdo-dev                  the window menu (keyboard shortcuts)
libdbus-1-dev               the keychain and notifications
openssl                     fingerprints of what is installed; TLS checks from outside in the tests
'
# To open the window where there is no screen:
headless_packages='
xvfb                        a screen in memory
xauth                       keeps that screen to ourselves
dbus                        a session bus of our own
gnome-keyring               a keychain of our own
xdotool                     finds the window
imagemagick                 takes the picture
'
# To run every test:
test_packages='
git                         Twinlock looks at what git would commit
dbus-x11                    a session bus for each window test
webkit2gtk-driver           drives the real window
openbox                     a window manager, so that windows get focus
python3                     the second implementation of the protocol
python3-venv                keeps its one library out of the system
python3-gi                  drops real files on the window
python3-dbus                receives notifications, sees the tray
gir1.2-gtk-3.0              as above
chromium                    tests of the page
fonts-dejavu-core           letters, on a machine that has no fonts
'

# Prints "package why" for those of the given lists that are not installed.
missing_packages() {
  printf '%s\n' "$@" | while read -r package why; do
    [ -n "$package" ] || continue
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || printf '%-30s %s\n' "$package" "$why"
  done
}

install_system_packages() {
  local lists missing names as_root=()
  lists=("$build_packages")
  if [ "$mode" = test ] || no_display; then lists+=("$headless_packages"); fi
  if [ "$mode" = test ]; then lists+=("$test_packages"); fi

  missing=$(missing_packages "${lists[@]}")
  if [ -z "$missing" ]; then
    say "System packages: all there."
    return
  fi
  say "System packages to install with apt, and why:"
  printf '%s\n' "$missing" | sed 's/^/  /'
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || stop "these packages need root, and there is no sudo here. Install them as root, then run this again."
    as_root=(sudo)
  fi
  names=$(printf '%s\n' "$missing" | cut -d' ' -f1)
  "${as_root[@]}" apt-get update -qq
  # shellcheck disable=SC2086  # one word for each package
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=300 $names >/dev/null
  missing=$(missing_packages "${lists[@]}")
  [ -z "$missing" ] || stop "apt did not install: $(printf '%s\n' "$missing" | cut -d' ' -f1 | xargs). Install them by hand, then run this again."
  say "System packages: installed."
}

title "Set-up ($mode)"
say "Rust $have_rust, Node $have_node, npm $(npm --version)."
if [ -n "${TWINLOCK_SYSTEM_PACKAGES_ARE_THERE:-}" ]; then
  say "System packages: not looked at, as TWINLOCK_SYSTEM_PACKAGES_ARE_THERE says."
elif command -v apt-get >/dev/null && command -v dpkg-query >/dev/null; then
  install_system_packages
else
  case $(uname -s) in
    Linux) hint="a C compiler, pkg-config, WebKitGTK 4.1, Ayatana AppIndicator 3, librsvg 2, libxdo, D-Bus and OpenSSL, the libraries with their development files" ;;
    Darwin) hint="the Xcode command line tools ('xcode-select --install')" ;;
    *) hint="the Visual C++ build tools, WebView2, and a bash to run these scripts" ;;
  esac
  stop "this script installs system packages on Debian and Ubuntu only. Here Twinlock needs $hint. When they are there, run this again with TWINLOCK_SYSTEM_PACKAGES_ARE_THERE=1."
fi

# ---- the page's packages ------------------------------------------------------------------------------------------

stamp=node_modules/.twinlock-lock
lock=$(fingerprint package-lock.json)
if [ "$(cat "$stamp" 2>/dev/null)" = "$lock" ]; then
  say "npm packages: as package-lock.json has them."
else
  say "npm packages: installing what package-lock.json names, for the page and its tests."
  npm ci --no-audit --no-fund --loglevel=error
  printf '%s\n' "$lock" >"$stamp"
fi

[ "$mode" = test ] || exit 0

# ---- for the tests ------------------------------------------------------------------------------------------------

say "Crates: fetching what Cargo.lock names for any system and is not here yet; the licence check reads all of it."
cargo fetch --locked --quiet

# An unoptimised build: compiling it optimised costs more time than it would ever save here.
cargo_tool() {
  local name=$1 version=$2 why=$3
  shift 3
  if command -v "$name" >/dev/null; then
    say "$name: there."
  else
    say "$name: installing $version with cargo: $why. This takes some minutes, once."
    cargo install --quiet --locked --debug "$name@$version" "$@"
  fi
}
cargo_tool cargo-nextest "$cargo_nextest" "runs the Rust tests" --no-default-features --features default-no-update
cargo_tool cargo-deny "$cargo_deny" "holds the rules of deny.toml"

stamp=.venv/.twinlock-requirements
requirements=$(fingerprint tests/verifier/requirements.txt)
if [ "$(cat "$stamp" 2>/dev/null)" = "$requirements" ]; then
  say "Python packages: as tests/verifier/requirements.txt has them."
else
  say "Python packages: installing tests/verifier/requirements.txt into .venv, for the second implementation of the protocol."
  python3 -m venv --clear .venv
  .venv/bin/python -m pip install --quiet --disable-pip-version-check -r tests/verifier/requirements.txt
  printf '%s\n' "$requirements" >"$stamp"
fi
