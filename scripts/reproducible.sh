#!/usr/bin/env bash
# Makes the wheels of the last commit in two clones, in folders of other names, and compares them.
set -euo pipefail
cd "$(dirname "$0")/.."

sources=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export CCACHE_DISABLE=1
abi3=$(scripts/setup.sh abi3)
for clone in "$work/one" "$work/somewhere else/two"; do
  git clone -q "$sources" "$clone"
  (cd "$clone" && python scripts/make_wheels.py ${abi3:+--abi3-python "$abi3"} --output "$clone/dist")
done
diff "$work/one/dist/SHA256SUMS" "$work/somewhere else/two/dist/SHA256SUMS"
echo "The same bytes twice:"
cat "$work/one/dist/SHA256SUMS"
