#!/usr/bin/env bash
# Fuzzes the text of a .env file, one target after the other, each starting from the corpus that is committed.
#   fuzz.sh                    every target, a minute each
#   fuzz.sh TARGET [SECONDS]   one: parse, edit, merge, dialect or formats
# It needs a nightly compiler and cargo-fuzz (`cargo install cargo-fuzz`). There is no unsafe code here for a sanitiser to watch,
# so none is used. What is found is written to fuzz/artifacts; make a test of it, and mend the law or the code.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
cd "$root"

if [ $# -gt 0 ]; then targets=("$1"); else targets=(parse edit merge dialect formats); fi
seconds=${2:-60}
for target in "${targets[@]}"; do
  [ -f "fuzz/fuzz_targets/$target.rs" ] || stop "there is no target '$target'. There are: $(basename -s .rs fuzz/fuzz_targets/*.rs | paste -sd ' ')."
done

# New inputs go beside the corpus, not into it: it is kept small with `cargo fuzz cmin`.
new=$(mktemp -d)
trap 'rm -rf "$new"' EXIT
failed=0
for target in "${targets[@]}"; do
  title "$target"
  mkdir -p "$new/$target"
  cargo +nightly fuzz run --sanitizer none "$target" "$new/$target" "fuzz/corpus/$target" -- \
    -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=4096 || failed=1
done
exit "$failed"
