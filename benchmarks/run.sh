#!/usr/bin/env bash
# Makes the files of a scene, runs the micro-benchmarks over them and prints the ratios.
#
#   run.sh BUILD_DIR [PRIMS [HIERARCHY [REPETITIONS]]]
#
# Uses the python in PATH. FORMATS, a list with commas, limits the formats. Files go to
# build/bench-data/, results to build/bench.json and build/bench-stage.json, with the scene in their
# names unless it is 100000 flat. Fails if a benchmark read a wrong value.
set -euo pipefail

build_dir=$1
prims=${2:-100000}
hierarchy=${3:-flat}
repetitions=${4:-5}

here=$(cd "$(dirname "$0")" && pwd)
out=${BENCH_OUT:-build}
data=$out/bench-data/$prims-$hierarchy
program=$build_dir/benchmarks/layer_benchmarks
plugin_path=$(realpath "$build_dir")/site/usdparquet/plugin:$(realpath "$build_dir")/benchmarks/floor
suffix=""
[[ $prims-$hierarchy == 100000-flat ]] || suffix=-$prims-$hierarchy

[[ -x "$program" ]] || { echo "$program was not built" >&2; exit 1; }
formats=$(python "$here/generate.py" "$data" --prims "$prims" --hierarchy "$hierarchy" \
  ${FORMATS:+--formats "$FORMATS"})

status=0
"$program" --data "$data" --formats "$formats" \
  --benchmark_repetitions="$repetitions" --benchmark_report_aggregates_only \
  --benchmark_out="$out/bench$suffix.json" --benchmark_out_format=json || status=1
python "$here/stage_open.py" "$data" "$out/bench-stage$suffix.json" \
  --plugin-path "$plugin_path" --samples "$repetitions" --formats "$formats" || status=1

# Opening is compared with the same hierarchy at 100,000 prims, where that was measured.
reference=$out/bench.json
[[ $hierarchy == flat ]] || reference=$out/bench-100000-$hierarchy.json
compared=()
[[ $prims -le 100000 || ! -f $reference ]] || compared=(--reference "$reference")
python "$here/ratios.py" "$out/bench$suffix.json" --stage "$out/bench-stage$suffix.json" \
  "${compared[@]}"
[[ $status -eq 0 ]] || echo "FAILED: a benchmark did not read what was written; see above" >&2
exit $status
