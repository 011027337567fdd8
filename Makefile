# agentutils: everything is built below build/.  See `make help`.

VERSION = 0.1.0
PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
MANDIR ?= $(PREFIX)/share/man
COMPDIR ?= $(PREFIX)/share/bash-completion/completions
B ?= build
CC ?= gcc
PROVE ?= prove
JOBS ?= 2

PACKAGES = libcjson libcrypto libseccomp libzstd
HARDEN = -fPIE -fstack-protector-strong -D_FORTIFY_SOURCE=2
WARN = -Wall -Wextra -Wpedantic -Wshadow -Wvla -Wformat=2 \
	-Wstrict-prototypes -Wmissing-prototypes -Wconversion -Wcast-qual \
	-Wwrite-strings -Wnull-dereference $(WERROR)
CFLAGS ?= -O2 -g
ALL_CFLAGS = -std=gnu17 -D_GNU_SOURCE -DVERSION='"$(VERSION)"' -Ilib \
	$(WARN) $(HARDEN) $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null) \
	$(CFLAGS) $(SANITIZE)
ALL_LDFLAGS = -pie -Wl,-z,relro,-z,now -Wl,--as-needed $(LDFLAGS) $(SANITIZE)
LIBS = $(shell pkg-config --libs $(PACKAGES) 2>/dev/null) -ldl -lm

LIB_SRC = $(wildcard lib/*/*.c)
BIN_SRC = $(wildcard bin/*.c)
UNIT_SRC = $(wildcard tests/unit/*.c)
FUZZ_SRC = $(filter-out tests/fuzz/replay.c,$(wildcard tests/fuzz/*.c))
HELP_SRC = $(wildcard tests/helpers/*.c)
BENCH_SRC = $(filter-out tests/bench/bench.c,$(wildcard tests/bench/*.c))
LIB_OBJ = $(LIB_SRC:%.c=$(B)/%.o) $(B)/gen/pageparts.o
PAGE = lib/audit/page
BINS = $(BIN_SRC:bin/%.c=$(B)/bin/%)
UNITS = $(UNIT_SRC:%.c=$(B)/%)
HELPERS = $(HELP_SRC:%.c=$(B)/%)
BENCHES = $(BENCH_SRC:%.c=$(B)/%)
FUZZERS = $(FUZZ_SRC:%.c=$(B)/%)
MANS = $(wildcard man/*.[1-9])

.PHONY: all demo test check asan clang lint fuzz bench soak install uninstall \
	dist help clean deps tests FORCE
.DELETE_ON_ERROR:

# `all` needs the development packages; `demo` and `test` install them first.
all: $(BINS)

deps:
	@scripts/deps

demo: deps
	@$(MAKE) --no-print-directory -j$(JOBS) all
	@scripts/demo $(B)/bin

# The tests' binaries, and the corpora's replayer for each fuzz target.
tests: all $(UNITS) $(HELPERS) $(BENCHES) \
    $(FUZZ_SRC:tests/fuzz/%.c=$(B)/tests/replay/%)

test: deps
	@$(MAKE) --no-print-directory -j$(JOBS) tests
	@$(MAKE) --no-print-directory check

# What `test` runs once everything is there.  T=FILE… runs some.
check:
	@BUILD=$(abspath $(B)) $(PROVE) -j$(JOBS) --comments --failures \
	    -e 'scripts/run-test' $(or $(T),$(filter-out $(NOT:%=tests/cli/%.t), \
	    $(wildcard tests/cli/*.t)) $(UNITS) tests/fuzz/corpora.t)

# What does often what other tests do, and what times it: not under sanitizers.
LOADS = agentdojo bench fork-family mail-flood schedule-load slurm

asan: deps
	@$(MAKE) --no-print-directory -j$(JOBS) B=$(B)/asan tests \
	    CFLAGS='-O1 -g -fno-omit-frame-pointer' \
	    HARDEN='-fPIE' \
	    SANITIZE='-fsanitize=address,undefined -fno-sanitize-recover=all'
	@ASAN_OPTIONS=detect_leaks=0 AGENT_TEST_SLOW= \
	    $(MAKE) --no-print-directory check B=$(B)/asan NOT='$(LOADS)'

clang: deps
	@$(MAKE) --no-print-directory -j$(JOBS) B=$(B)/clang CC=clang tests
	@$(MAKE) --no-print-directory check B=$(B)/clang

lint: deps
	@scripts/lint

# libFuzzer, SECONDS each; what it finds new stays in build/.
FUZZ_SECONDS ?= 30
fuzz: deps
	@$(MAKE) --no-print-directory -j$(JOBS) B=$(B)/fuzz CC=clang \
	    CFLAGS='-O1 -g' HARDEN='-fPIE' \
	    SANITIZE='-fsanitize=address,undefined,fuzzer-no-link' fuzzers
	@scripts/fuzz $(B)/fuzz $(FUZZ_SECONDS)

.PHONY: fuzzers
fuzzers: $(FUZZERS)

bench: deps
	@$(MAKE) --no-print-directory -j$(JOBS) tests
	@scripts/bench $(B)

# Five minutes; SOAK='--hours 6' for longer, and other options of it.
SOAK ?= --minutes 5
soak: deps
	@$(MAKE) --no-print-directory -j$(JOBS) tests
	@BUILD=$(abspath $(B)) scripts/soak $(SOAK)

install: all
	install -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(COMPDIR)
	install -m 755 $(BINS) $(DESTDIR)$(BINDIR)
	for m in $(MANS); do \
	    d=$(DESTDIR)$(MANDIR)/man$${m##*.}; \
	    install -d $$d && install -m 644 $$m $$d || exit 1; done
	install -m 644 scripts/completion.bash $(DESTDIR)$(COMPDIR)/agent
	for b in $(notdir $(BINS)); do [ $$b = agent ] || \
	    ln -sf agent $(DESTDIR)$(COMPDIR)/$$b; done

uninstall:
	rm -f $(BINS:$(B)/bin/%=$(DESTDIR)$(BINDIR)/%)
	rm -f $(BINS:$(B)/bin/%=$(DESTDIR)$(COMPDIR)/%)
	for m in $(notdir $(MANS)); do \
	    rm -f $(DESTDIR)$(MANDIR)/man$${m##*.}/$$m; done

dist:
	@mkdir -p $(B)
	git archive --prefix=agentutils-$(VERSION)/ HEAD | \
	    zstd -q -19 -f -o $(B)/agentutils-$(VERSION).tar.zst

clean:
	rm -rf $(B)

help:
	@echo 'make demo       install what is missing, build, run the main job'
	@echo 'make test       the same set-up, then every test'
	@echo 'make all        build only'
	@echo 'make check      tests that are built; T=FILE... for some of them,'
	@echo '                AGENT_TEST_REPLAY=1 to replay what they made'
	@echo 'make asan       the tests under ASan and UBSan'
	@echo 'make clang      the tests as clang builds them'
	@echo 'make lint       layout, shell, man pages, layers, headers'
	@echo 'make fuzz       libFuzzer, FUZZ_SECONDS=30 for each target'
	@echo 'make bench      the figures, each beside its limit'
	@echo 'make soak       agents that are killed at random; SOAK="--hours 6"'
	@echo 'make install    below PREFIX ($(PREFIX)), DESTDIR honoured'
	@echo 'make uninstall, make dist, make clean'

# Flags are tracked: a change of them rebuilds everything.
$(B)/flags: FORCE
	@mkdir -p $(B)
	@echo '$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $(LIBS)' | \
	    cmp -s - $@ || echo '$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $(LIBS)' >$@

$(B)/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	@echo "  cc    $<"
	@$(CC) $(ALL_CFLAGS) -MMD -MP -c $< -o $@

# The files of the page that agent-audit html writes, as arrays.
$(B)/gen/pageparts.c: $(wildcard $(PAGE)/*) scripts/embed
	@mkdir -p $(@D)
	@{ echo '#include "audit/pageparts.h"'; \
	    scripts/embed pageparts_html $(PAGE)/page.html; \
	    scripts/embed pageparts_css $(PAGE)/page.css; \
	    scripts/embed pageparts_js $(wildcard $(PAGE)/*.js); } >$@

$(B)/gen/pageparts.o: $(B)/gen/pageparts.c $(B)/flags
	@$(CC) $(ALL_CFLAGS) -MMD -MP -c $< -o $@

$(B)/libagent.a: $(LIB_OBJ)
	@rm -f $@
	@ar rcs $@ $(LIB_OBJ)

LINK = @mkdir -p $(@D); echo "  link  $@"; \
	$(CC) $(ALL_LDFLAGS) $(filter %.o,$^) $(B)/libagent.a $(LIBS) -o $@

$(B)/bin/%: $(B)/bin/%.o $(B)/libagent.a
	$(LINK)
$(B)/tests/unit/%: $(B)/tests/unit/%.o $(B)/libagent.a
	$(LINK)
$(B)/tests/helpers/%: $(B)/tests/helpers/%.o $(B)/libagent.a
	$(LINK)
$(B)/tests/bench/%: $(B)/tests/bench/%.o $(B)/tests/bench/bench.o \
    $(B)/libagent.a
	$(LINK)
$(B)/tests/replay/%: $(B)/tests/fuzz/%.o $(B)/tests/fuzz/replay.o \
    $(B)/libagent.a
	$(LINK)
$(B)/tests/fuzz/%: $(B)/tests/fuzz/%.o $(B)/libagent.a
	@echo "  link  $@"
	@$(CC) $(ALL_LDFLAGS) -fsanitize=fuzzer $< $(B)/libagent.a $(LIBS) -o $@

.SECONDARY:
-include $(shell find $(B) -name '*.d' 2>/dev/null)
