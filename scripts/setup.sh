#!/usr/bin/env bash
# Finds what the build needs from the system, or says plainly what is missing.
#
#   setup.sh python     prints the interpreter to use (>= 3.11, with venv and the C headers)
#   setup.sh abi3       prints an interpreter from 3.12 on with the C headers, for the wheel of the stable
#                       ABI; nothing if there is none
#   setup.sh compiler   checks for a C++20 compiler
#   setup.sh gtest      prints ON if the C++ tests can be built, OFF if not
#   setup.sh benchmark  checks for google-benchmark
#   setup.sh valgrind   checks for valgrind, to count instructions
#   setup.sh fuzz       prints the clang++ with libFuzzer to build the fuzzers with
#   setup.sh java       checks for a Java for the tests with Spark
#   setup.sh chromium   checks for a Chromium for the browser tests
#
# As root on a Debian system it installs what is missing. Elsewhere a missing tool that the build
# cannot do without is an error, and a missing test tool a notice, or an error where CI=true.
set -euo pipefail

say() { echo "usdparquet: $*" >&2; }
fail() { say "$*"; exit 1; }

# missing_test_tool <message>: tests may be left out on a desk, never in CI.
missing_test_tool() {
  [[ "${CI:-}" != true ]] || fail "$1"
  say "NOTICE: $1"
}

# apt_install <package>...: false if that is not possible here.
apt_install() {
  [[ $(id -u) -eq 0 ]] && command -v apt-get > /dev/null || return 1
  say "installing $* with apt-get"
  local log
  log=$(mktemp)
  if { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"; } \
      > "$log" 2>&1; then
    rm -f "$log"
  else
    tail -n 20 "$log" >&2
    rm -f "$log"
    return 1
  fi
}

is_python_311() {
  command -v "$1" > /dev/null && "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
    > /dev/null 2>&1
}

has_venv() { "$1" -c 'import venv, ensurepip' > /dev/null 2>&1; }

has_headers() {
  "$1" -c 'import pathlib, sys, sysconfig
sys.exit(not (pathlib.Path(sysconfig.get_path("include")) / "Python.h").is_file())'
}

find_python() {
  local candidate chosen=""
  for candidate in ${PYTHON:-python3 python3.11 python3.12 python3.13 python3.14 python}; do
    if is_python_311 "$candidate"; then
      chosen=$(command -v "$candidate")
      break
    fi
  done
  [[ -n "$chosen" ]] || fail "Python >= 3.11 is needed and none was found" \
    "(tried: ${PYTHON:-python3, python3.11 to python3.14, python}). Name one with: make PYTHON=/path/to/python"
  has_venv "$chosen" || apt_install python3-venv || true
  has_venv "$chosen" || fail "$chosen has no venv module (Debian: apt-get install python3-venv)"
  has_headers "$chosen" || apt_install python3-dev || true
  has_headers "$chosen" || fail "$chosen has no C headers, Python.h (Debian: apt-get install python3-dev)"
  echo "$chosen"
}

# The oldest one, so that the same module is made wherever there is one.
find_abi3() {
  local candidate
  for candidate in ${ABI3_PYTHON:-python3.12 $HOME/.pyenv/versions/3.12.*/bin/python python3.13 \
      $HOME/.pyenv/versions/3.13.*/bin/python python3.14}; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 12))' > /dev/null 2>&1 \
        && has_headers "$candidate"; then
      command -v "$candidate"
      return
    fi
  done
  say "NOTICE: no Python from 3.12 on with its C headers was found, so the wheel for the stable ABI" \
    "is NOT made. Name one with: make wheel ABI3_PYTHON=/path/to/python"
}

# compiles <compiler> <source text>
compiles() {
  echo "$2" | "$1" -std=c++20 -x c++ -fsyntax-only - > /dev/null 2>&1
}

check_compiler() {
  local compiler=${CXX:-c++}
  command -v "$compiler" > /dev/null || compiler=${CXX:-g++}
  command -v "$compiler" > /dev/null \
    || fail "a C++20 compiler is needed and $compiler was not found (Debian: apt-get install g++)"
  compiles "$compiler" $'#include <span>\n#include <concepts>\nstd::span<int> s;' \
    || fail "$compiler does not compile C++20 with its library; name another with: make CXX=..."
}

has_gtest() { compiles "${CXX:-c++}" '#include <gtest/gtest.h>'; }

check_gtest() {
  has_gtest || apt_install libgtest-dev || true
  if has_gtest; then
    echo ON
  else
    missing_test_tool "GoogleTest was not found, so the C++ tests do NOT run (Debian: apt-get install libgtest-dev)"
    echo OFF
  fi
}

has_benchmark() { compiles "${CXX:-c++}" '#include <benchmark/benchmark.h>'; }

check_benchmark() {
  has_benchmark || apt_install libbenchmark-dev || true
  has_benchmark \
    || fail "google-benchmark is needed and was not found (Debian: apt-get install libbenchmark-dev)"
}

has_valgrind() { command -v valgrind > /dev/null; }

check_valgrind() {
  has_valgrind || apt_install valgrind || true
  has_valgrind || fail "valgrind is needed and was not found (Debian: apt-get install valgrind)"
}

# Clang before 16 cannot compile the ranges of GCC 12's library.
has_libfuzzer() {
  printf '%s\n' '#include <ranges>' \
    'extern "C" int LLVMFuzzerTestOneInput(const char*, unsigned long) {' \
    '  for (int i : std::views::iota(0, 1)) return i;' \
    '  return 0;' \
    '}' | "$1" -std=c++20 -fsanitize=fuzzer,address -x c++ - -o /dev/null > /dev/null 2>&1
}

find_libfuzzer() {
  local candidate
  for candidate in ${CLANG:-clang++-19 clang++ clang++-18 clang++-17 clang++-16}; do
    if has_libfuzzer "$candidate"; then
      echo "$candidate"
      return
    fi
  done
  false
}

check_fuzz() {
  find_libfuzzer || { apt_install clang-19 libclang-rt-19-dev llvm-19 && find_libfuzzer; } \
    || fail "clang 16 or later with libFuzzer is needed and was not found (Debian: apt-get install" \
      "clang-19 libclang-rt-19-dev llvm-19). Name one with: make fuzz CLANG=..."
}

# Spark 4 runs on Java 17 or later.
has_java() {
  local java=java version
  [[ -z "${JAVA_HOME:-}" ]] || java=$JAVA_HOME/bin/java
  version=$("$java" -XshowSettings:properties -version 2>&1 \
    | sed -nE 's/^ *java\.specification\.version = ([0-9]+).*/\1/p') || return 1
  [[ -n "$version" && "$version" -ge 17 ]]
}

check_java() {
  has_java || apt_install default-jre-headless || true
  has_java || missing_test_tool \
    "Java 17 was not found, so the tests with Spark do NOT run (Debian: apt-get install default-jre-headless)"
}

has_chromium() { command -v chromium > /dev/null || command -v chromium-browser > /dev/null; }

check_chromium() {
  has_chromium || apt_install chromium || true
  has_chromium || missing_test_tool \
    "Chromium was not found, so the browser tests do NOT run (Debian: apt-get install chromium)"
}

case "${1:-}" in
  python) find_python ;;
  abi3) find_abi3 ;;
  compiler) check_compiler ;;
  gtest) check_gtest ;;
  benchmark) check_benchmark ;;
  valgrind) check_valgrind ;;
  fuzz) check_fuzz ;;
  java) check_java ;;
  chromium) check_chromium ;;
  *) fail "usage: setup.sh python|abi3|compiler|gtest|benchmark|valgrind|fuzz|java|chromium" ;;
esac
