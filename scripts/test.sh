#!/usr/bin/env bash
# `npm test`: sets up, then runs every check and every test there is. A failing step does not stop the others, so that one run
# shows everything that is wrong; steps that cannot run without it are named as not run. The last lines sum up, and the exit
# status is 0 only when every step passed.
#   test.sh          everything
#   test.sh NAME…    only these steps (their names are in the summary)
set -euo pipefail
. "$(dirname "$0")/lib.sh"
cd "$root"

all_steps=(format dependencies advisories page page-tests clippy programs tests verifier start window)
wanted=("$@")
for name in "${wanted[@]}"; do
  [[ " ${all_steps[*]} " == *" $name "* ]] || stop "there is no step '$name'. There are: ${all_steps[*]}."
done

steps=() results=() times=()
failed=0 not_checked=77

# step NAME NEEDS COMMAND…: runs the command and notes how it went. NEEDS is a step that must have passed, or '-'. A command that
# answers 77 has said why it cannot check here; that is no failure, and not called passed either.
step() {
  local name=$1 needs=$2 begun=$SECONDS result=passed status=0 index
  shift 2
  if [ "${#wanted[@]}" != 0 ] && [[ " ${wanted[*]} " != *" $name "* ]]; then return; fi
  for index in "${!steps[@]}"; do
    if [ "${steps[$index]}" = "$needs" ] && [ "${results[$index]}" != passed ]; then result="NOT RUN: it needs '$needs'"; fi
  done
  if [ "$result" = passed ]; then
    title "$name"
    "$@" || status=$?
    case $status in
      0) ;;
      "$not_checked") result="NOT CHECKED: see above" ;;
      *) result="FAILED (status $status)" ;;
    esac
  fi
  case $result in FAILED* | "NOT RUN"*) failed=$((failed + 1)) ;; esac
  steps+=("$name") results+=("$result") times+=($((SECONDS - begun)))
}

summary() {
  local index
  title "Summary"
  for index in "${!steps[@]}"; do
    printf '%-14s %5d s  %s\n' "${steps[$index]}" "${times[$index]}" "${results[$index]}"
  done
  printf '%-14s %5d s\n' "together" "$SECONDS"
}

# Second copies of a crate are left to 'cargo deny --workspace check bans': there are always some, and nothing follows from them here.
licences_and_bans() { cargo deny --offline --locked --workspace check --hide-inclusion-graph --allow duplicate bans licenses sources; }

# The list of known vulnerabilities lives in a git repository, which is not within reach everywhere. Out of reach is said, and
# is no failure; a vulnerability is.
advisories() {
  local log
  log=$(mktemp)
  if ! timeout 120 cargo deny fetch db >"$log" 2>&1; then
    say "NOT CHECKED: the advisory database could not be fetched from here, so nothing is known about advisories. It said:"
    tail -n 3 "$log" | sed 's/^/  /'
    rm -f "$log"
    return "$not_checked"
  fi
  rm -f "$log"
  cargo deny --locked --workspace check --disable-fetch --hide-inclusion-graph advisories
}

# The real program, on a real screen if only one in memory. Its own set-up and build have nothing left to do here.
start_once() {
  env -u DISPLAY -u WAYLAND_DISPLAY TWINLOCK_START_ONCE=1 bash scripts/start.sh
}

begun=$SECONDS
bash scripts/setup.sh test || stop "set-up failed, so nothing was tested."
steps+=(set-up) results+=(passed) times+=($((SECONDS - begun)))

step format       -    cargo fmt --all --check
step dependencies -    licences_and_bans
step advisories   -    advisories
step page         -    npm run --silent ui:build
step page-tests   -    npm run --silent ui:test
step clippy       page cargo clippy --locked --workspace --all-targets -- -D warnings
step programs     page cargo build --locked --workspace --bins
step tests        programs cargo nextest run --locked --workspace --no-fail-fast
step verifier     -    .venv/bin/python tests/verifier/verify.py
step start        programs start_once
step window       programs npm run --silent window:test

summary
[ "$failed" = 0 ] || stop "$failed of ${#steps[@]} steps did not pass."
say "Nothing failed."
