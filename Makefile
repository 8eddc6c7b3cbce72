# `make` alone says what there is. Every target brings what it needs first, and does nothing that is done already.
.DEFAULT_GOAL := help
.PHONY: help setup build test demo claim bench bundle format lint hooks clean

PYTHON_TESTS := .venv/integration
PYTHON_PACKAGES := webdataset==1.0.2 pandas==3.1.1 zstandard==0.25.0 numpy opencv-python-headless==5.0.0.93 soxr==1.1.0 tiktoken==0.12.0
# For its vocabulary alone.
PYTHON_FILES := openai-whisper==20250625

help: ## this list
	@sed -nE 's/^([a-z]+):.*## (.*)/  make \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|'
	@echo
	@echo '  LIBTORCH=/path       use this libtorch instead of .libtorch'
	@echo '  TORCH_WHEEL=/path    unpack this wheel of torch instead of downloading one'
	@echo '  ALSO="/path …"       make bundle: with workers for these libtorches too'
	@echo '  CUDA=1               set up the NVIDIA libraries as well'

setup: ## packages of the system, and libtorch in .libtorch/
	@./bootstrap.sh $(if $(CUDA),--cuda) $(SETUP)

build: setup ## both programs, optimized: .build/release/seehear and seehear-worker
	swift build -c release --product seehear
	swift build -c release --product seehear-worker

# Without a limit all tests begin at once, and what one waits for comes after the work of a thousand others: time limits of a
# minute are exceeded by tests that take milliseconds.
test: SETUP := --tests
test: setup $(PYTHON_TESTS)/ready ## all tests, also those that start mpirun
	swift build --build-tests
	swift test --skip-build --disable-xctest --experimental-maximum-parallelization-width 3

demo: build ## all five tasks on scenes of a toy world: run on 3 ranks, checked, and shown
	@demo/run.sh

claim: build $(PYTHON_TESTS)/ready ## what do the guides and the paper's aligner do? five arms, measured on the toy world; hours, and resumed where stopped
	$(PYTHON_TESTS)/bin/python Benchmarks/claim/claim.py --out runs/claim

bench: build ## steps of v2a: time by stage, what limits it, peak memory; MODELS=folder with audioldm/ and imagebind/, else random ones
	models=$(or $(MODELS),$$(swift run -c release random-models)) && \
		.build/release/seehear-worker bench --task v2a --set "models.audio=$$models/audioldm" \
		--set "models.binder=$$models/imagebind" --set sampling.duration=2

bundle: SETUP := --bundle
bundle: build ## the programs and all that they need but libtorch, for any x86-64 Linux: bundle/seehear-….tar.xz
	@for libtorch in $(ALSO); do \
		LIBTORCH=$$libtorch swift build -c release --product seehear-worker --scratch-path ".build/also$$libtorch" || exit; done
	@Tools/bundle/pack.py $(foreach libtorch,$(ALSO),--also .build/also$(libtorch)/release)

format: setup ## lay out all Swift, C++ and Python
	@Tools/lint --format

lint: setup ## what `make format` would change, and what looks wrong in Swift, C++, Python and shell
	@Tools/lint

hooks: ## have git lint what is staged before each commit
	git config core.hooksPath Tools/hooks

clean: ## all that was built and made; libtorch stays
	rm -rf .build .venv runs bundle .libtorch.partial.*

# The loaders with which Integration reads shards, and what it compares AV-Align with, in an environment of their own. Without
# a network the tests that need them are skipped and say so; in CI that is a failure.
$(PYTHON_TESTS)/ready: Makefile | setup
	@echo 'preparing $(PYTHON_TESTS)'
	@rm -rf $(PYTHON_TESTS)
	@{ python3 -m venv $(PYTHON_TESTS) && $(PYTHON_TESTS)/bin/python -m pip install --quiet $(PYTHON_PACKAGES) && \
		$(PYTHON_TESTS)/bin/python -m pip install --quiet --no-deps $(PYTHON_FILES) && touch $@; } || \
		{ echo 'Python packages cannot be installed; the tests that need them will be skipped'; [ -z "$$CI" ]; }
