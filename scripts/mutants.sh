#!/usr/bin/env bash
# Takes the verifying code apart and asks the tests whether they notice. What survives has to be explained in docs/mutation.md.
#   mutants.sh                  removes each check of every set, one at a time (scripts/mutants.py)
#   mutants.sh SET… [OPTION…]   of some sets: protocol, seal, server, client; `--list` shows what there is, `--help` the rest
#   mutants.sh bodies           cargo-mutants over the pure parts of crates/protocol: replaced bodies, operators, arithmetic
# It works in a copy, in target/mutants, and needs Python's venv; `bodies` needs cargo-mutants (`cargo install cargo-mutants --locked`).
set -euo pipefail
. "$(dirname "$0")/lib.sh"
cd "$root"

if [ "${1:-}" = bodies ]; then
  shift
  command -v cargo-mutants >/dev/null || stop "cargo-mutants is not installed: cargo install cargo-mutants --locked"
  exec cargo mutants --package twinlock-protocol --test-package twinlock-protocol,twinlock-seal --output target "$@"
fi

venv=target/mutants/venv
requirements=scripts/mutants-requirements.txt
stamp=$venv/.twinlock-requirements
if [ "$(cat "$stamp" 2>/dev/null)" != "$(fingerprint "$requirements")" ]; then
  python3 -m venv --clear "$venv"
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$requirements"
  fingerprint "$requirements" >"$stamp"
fi

exec "$venv/bin/python" -B scripts/mutants.py "$@"
