#!/usr/bin/env bash
# A small fixed run of the micro-benchmarks, whose ratios to USDC are judged by a committed baseline.
#
#   gate.sh BUILD_DIR                     fails if a ratio fell behind; measures again before it says so
#   gate.sh BUILD_DIR --baseline [RUNS]   writes benchmarks/baseline.json from RUNS runs (5)
#
# The runs go to build/gate/. Measure on an idle machine.
set -euo pipefail

build_dir=$1
here=$(cd "$(dirname "$0")" && pwd)
baseline=$here/baseline.json
folder=build/gate
prims=10000
repetitions=5

run() {
  local out=$folder/$1
  mkdir -p "$out"
  rm -f "$out"/bench*.json
  BENCH_OUT=$out FORMATS=usdc,parquet_zstd,indexed_zstd \
    "$here/run.sh" "$build_dir" "$prims" flat "$repetitions" > "$out/log" 2>&1 \
    || { tail -n 20 "$out/log" >&2; exit 1; }
}

if [[ ${2:-} == --baseline ]]; then
  runs=()
  for number in $(seq "${3:-5}"); do
    echo "gate: run $number of ${3:-5}"
    run "$number"
    runs+=("$folder/$number")
  done
  python "$here/gate.py" baseline "$baseline" "${runs[@]}"
  exit
fi

[[ -f $baseline ]] || { echo "gate: there is no $baseline; make it with: $0 $build_dir --baseline" >&2; exit 1; }
runs=()
for number in 1 2 3; do
  run "$number"
  runs+=("$folder/$number")
  # One bad run may be chance: only the median of three fails.
  if python "$here/gate.py" check "$baseline" "${runs[@]}"; then exit 0; fi
  [[ $number == 3 ]] || echo "gate: measuring again" >&2
done
exit 1
