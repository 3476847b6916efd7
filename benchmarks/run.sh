#!/usr/bin/env bash
# Makes the files of a scene, runs the micro-benchmarks over them and prints the ratios.
#
#   run.sh BUILD_DIR [PRIMS [HIERARCHY [REPETITIONS]]]
#
# The python and the usdparquet of PATH are used. FORMATS, a list with commas, limits the formats.
# Files go to build/bench-data/, results to build/bench.json and build/bench-stage.json; those of
# another scene than 100000 flat have it in their names. Fails if a benchmark read a wrong value.
set -euo pipefail

build_dir=$1
prims=${2:-100000}
hierarchy=${3:-flat}
repetitions=${4:-5}

here=$(cd "$(dirname "$0")" && pwd)
out=${BENCH_OUT:-build}
data=$out/bench-data/$prims-$hierarchy
program=$build_dir/benchmarks/layer_benchmarks
plugin_path=$(realpath "$build_dir")/plugin:$(realpath "$build_dir")/benchmarks/floor
formats=()
[[ -z "${FORMATS:-}" ]] || formats=(--formats "$FORMATS")
suffix=""
[[ $prims-$hierarchy == 100000-flat ]] || suffix=-$prims-$hierarchy

# optimize_files: the indexed files, made anew each time because their writer is under test.
optimize_files() {
  local codec scene target
  if ! usdparquet optimize --help > /dev/null 2>&1; then
    echo "skipping the indexed files: this usdparquet has no 'optimize'"
    return
  fi
  for codec in none zstd; do
    [[ -z "${FORMATS:-}" || ",$FORMATS," == *,indexed_$codec,* ]] || continue
    for scene in warmup shapes table; do
      target=${scene}_indexed_$codec.parquet
      rm -f "$data/$target"
      usdparquet optimize "$data/${scene}_parquet_$codec.parquet" "$data/unfinished_$target" \
        --compression "$codec" > /dev/null
      mv "$data/unfinished_$target" "$data/$target"
    done
    for scene in playback_warmup playback; do
      target=${scene}_indexed_$codec.parquet
      rm -f "$data/$target"
      usdparquet optimize "$data/${scene}_parquet_$codec.parquet" "$data/unfinished_$target" \
        --compression "$codec" --time frame --order time > /dev/null
      mv "$data/unfinished_$target" "$data/$target"
    done
  done
}

[[ -x "$program" ]] || { echo "$program was not built" >&2; exit 1; }
"$program" --generate "$data" --prims "$prims" --hierarchy "$hierarchy" "${formats[@]}"
optimize_files

status=0
"$program" --data "$data" "${formats[@]}" \
  --benchmark_repetitions="$repetitions" --benchmark_report_aggregates_only \
  --benchmark_out="$out/bench$suffix.json" --benchmark_out_format=json || status=1
python "$here/stage_open.py" "$data" "$out/bench-stage$suffix.json" \
  --plugin-path "$plugin_path" --samples "$repetitions" "${formats[@]}" || status=1

# Opening is compared with the same hierarchy at 100,000 prims, where that was measured.
reference=$out/bench.json
[[ $hierarchy == flat ]] || reference=$out/bench-100000-$hierarchy.json
compared=()
[[ $prims -le 100000 || ! -f $reference ]] || compared=(--reference "$reference")
python "$here/ratios.py" "$out/bench$suffix.json" --stage "$out/bench-stage$suffix.json" \
  "${compared[@]}"
[[ $status -eq 0 ]] || echo "FAILED: a benchmark did not read what was written; see above" >&2
exit $status
