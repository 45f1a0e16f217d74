# SPDX-License-Identifier: GPL-3.0-or-later
# netguard and podctl. `make help` lists the targets.

PREFIX      ?= /usr/local
DESTDIR     ?=
BUILD       ?= build
ifeq ($(origin CC),default)
CC          := gcc
endif
CFLAGS      ?= -O2 -g
WERROR      ?=
SANITIZE    ?=
FUZZ_SECONDS ?= 60
# where configuration and units live, whatever PREFIX is: systemd and people look there
SYSTEMD_DIR ?= /etc/systemd/system
SYSUSERS_DIR ?= /etc/sysusers.d
SYSCTL_DIR ?= /etc/sysctl.d
UDEV_DIR ?= /etc/udev/rules.d
ifeq ($(PREFIX),/usr)
SYSTEMD_DIR = /lib/systemd/system
SYSUSERS_DIR = /usr/lib/sysusers.d
SYSCTL_DIR = /usr/lib/sysctl.d
UDEV_DIR = /lib/udev/rules.d
endif

# V=1 shows each command
ifeq ($(V),)
SAY          = @printf '  %-6s %s\n'
Q           := @
else
SAY          = @:
endif

PKGS        := libnftnl libmnl libcurl jansson yaml-0.1 libssl libcrypto libseccomp
# asked once; empty on a machine where `make deps` has not run yet
PKG_CFLAGS  := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
PKG_LIBS    := $(shell pkg-config --libs $(PKGS) 2>/dev/null)
VERSION     := $(shell git -c safe.directory='*' -C $(CURDIR) describe --tags --always 2>/dev/null || echo unknown)

WARNINGS    := -Wall -Wextra -Wconversion -Wsign-conversion -Wshadow -Wstrict-prototypes \
               -Wmissing-prototypes -Wold-style-definition -Wformat=2 -Wundef -Wvla -Wcast-qual \
               -Wwrite-strings -Wpointer-arith -Wredundant-decls -Wnull-dereference \
               -Wimplicit-fallthrough -Wdouble-promotion
ifeq ($(SANITIZE),)
HARDENING   := -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fstack-protector-strong -fstack-clash-protection -fPIE
else
HARDENING   := -DUNCONFINED -fPIE -fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer
endif

ALL_CFLAGS   = -std=gnu17 -D_GNU_SOURCE -DVERSION='"$(VERSION)"' -I. $(WARNINGS) $(WERROR) $(HARDENING) \
               $(PKG_CFLAGS) $(CFLAGS)
ALL_LDFLAGS  = -pie -Wl,-z,relro,-z,now -Wl,--as-needed $(LDFLAGS)

obj          = $(patsubst %.c,$(BUILD)/obj/%.o,$(filter-out %/main.c,$(wildcard $(1)/*.c)))
COMMON_OBJ  := $(call obj,common)
ENGINE_OBJ  := $(call obj,engine)
NFT_OBJ     := $(call obj,nft)
NETGUARD_OBJ := $(call obj,netguard) $(NFT_OBJ) $(ENGINE_OBJ) $(COMMON_OBJ)
PODCTL_OBJ  := $(call obj,podctl) $(BUILD)/obj/podctl/pause/blob.o $(ENGINE_OBJ) $(COMMON_OBJ)
# what tests link with: every module but the programs' mains and subcommands
MODULES     := $(BUILD)/obj/modules.a
MODULE_OBJ  := $(filter-out $(BUILD)/obj/netguard/cmd_% $(BUILD)/obj/podctl/cmd_%, \
                 $(sort $(NETGUARD_OBJ) $(PODCTL_OBJ)))

LINK         = $(SAY) LINK $@; $(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(PKG_LIBS)

.PHONY: all
all: $(BUILD)/podctl $(BUILD)/podctl-enter $(BUILD)/podctl-shell $(BUILD)/netguard $(BUILD)/netguard-relay $(BUILD)/pause ## build the programs (default)

$(BUILD)/netguard: $(BUILD)/obj/netguard/main.o $(NETGUARD_OBJ)
	$(LINK)

# of the modules only what it needs: it may ask the engine for anything
$(BUILD)/netguard-relay: $(BUILD)/obj/netguard/relay/main.o $(MODULES)
	$(LINK)

# for valgrind, which needs other calls than the program: the same without netguard/confine_*.c's filters
UNCONFINED_OBJ := $(patsubst $(BUILD)/obj/%,$(BUILD)/obj/unconfined/%,$(filter %/confine_calls.o %/confine_paths.o,$(NETGUARD_OBJ)))
$(UNCONFINED_OBJ): $(BUILD)/obj/unconfined/%.o: %.c
	@mkdir -p $(@D)
	$(SAY) CC $@
	$(Q)$(CC) $(ALL_CFLAGS) -DUNCONFINED -MMD -MP -c -o $@ $<

$(BUILD)/tests/netguard-unconfined: $(BUILD)/obj/netguard/main.o $(UNCONFINED_OBJ) \
		$(filter-out %/confine_calls.o %/confine_paths.o,$(NETGUARD_OBJ))
	@mkdir -p $(@D)
	$(LINK)

$(BUILD)/podctl: $(BUILD)/obj/podctl/main.o $(PODCTL_OBJ)
	$(LINK)

$(BUILD)/podctl-enter: $(BUILD)/obj/podctl/enter/main.o $(PODCTL_OBJ)
	$(LINK)

# A login shell: static, so that no variable of the environment loads anything into it; never sanitized.
$(BUILD)/podctl-shell: podctl/shell/podctl-shell.c
	@mkdir -p $(@D)
	$(SAY) CC $<
	$(Q)$(CC) -std=gnu17 -D_GNU_SOURCE $(WARNINGS) $(WERROR) -O2 -static -s -o $@ $<

$(MODULES): $(MODULE_OBJ)
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(SAY) CC $<
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# The process of a pod's root container: static, built into podctl, never sanitized.
$(BUILD)/pause: podctl/pause/pause.c
	@mkdir -p $(@D)
	$(SAY) CC $<
	$(Q)$(CC) -std=gnu17 -D_GNU_SOURCE $(WARNINGS) $(WERROR) -Os -static -s -o $@ $<

$(BUILD)/obj/podctl/pause/blob.o: podctl/pause/blob.S $(BUILD)/pause
	@mkdir -p $(@D)
	$(SAY) AS $<
	$(Q)$(CC) -DPAUSE_FILE='"$(BUILD)/pause"' -c -o $@ $<

.PHONY: deps
deps: ## install with apt what building and testing need and this machine lacks
	tests/deps

.PHONY: deps-build
deps-build: ## the same, for building only
	tests/deps --build

# ---- tests ----

UNIT_SRC    := $(wildcard tests/unit/test_*.c)
UNIT_BIN    := $(UNIT_SRC:%.c=$(BUILD)/%)
UNIT_HELP   := $(patsubst %.c,$(BUILD)/obj/%.o,$(filter-out $(UNIT_SRC),$(wildcard tests/unit/*.c)))
# programs of the end-to-end tests, linked like unit tests
E2E_SRC     := $(wildcard tests/e2e/*.c)
E2E_BIN     := $(E2E_SRC:%.c=$(BUILD)/%)
# programs of the benchmarks
BENCH_SRC   := $(filter-out tests/bench/bench.c,$(wildcard tests/bench/*.c))
BENCH_BIN   := $(BENCH_SRC:%.c=$(BUILD)/%)
FUZZ_SRC    := $(wildcard tests/fuzz/fuzz_*.c)
REPLAY_BIN  := $(FUZZ_SRC:tests/fuzz/fuzz_%.c=$(BUILD)/tests/fuzz/replay_%)

# the kept .o files of tests are no intermediates to delete
.SECONDARY:

$(UNIT_BIN) $(E2E_BIN): $(BUILD)/%: $(BUILD)/obj/%.o $(UNIT_HELP) $(MODULES)
	@mkdir -p $(@D)
	$(LINK) -lcmocka

$(BENCH_BIN): $(BUILD)/%: $(BUILD)/obj/%.o $(BUILD)/obj/tests/bench/bench.o $(UNIT_HELP) $(MODULES)
	@mkdir -p $(@D)
	$(LINK) -lcmocka

$(REPLAY_BIN): $(BUILD)/tests/fuzz/replay_%: $(BUILD)/obj/tests/fuzz/fuzz_%.o $(BUILD)/obj/tests/fuzz/replay.o $(MODULES)
	@mkdir -p $(@D)
	$(LINK)

# What tests load before libc, so that its calls fail; never sanitized.
SHIM        := $(BUILD)/tests/faults/shim.so

$(SHIM): tests/faults/shim.c tests/faults/shim.h
	@mkdir -p $(@D)
	$(SAY) CC $<
	$(Q)$(CC) -std=gnu17 -D_GNU_SOURCE -I. -Wall -Wextra $(WERROR) -O1 -g -fPIC -shared -fno-builtin -o $@ $<

.PHONY: tests
tests: all $(BUILD)/tests/netguard-unconfined $(UNIT_BIN) $(E2E_BIN) $(BENCH_BIN) $(REPLAY_BIN) $(SHIM) ## build the programs and every test program

.PHONY: unit
unit: $(UNIT_BIN) ## run the unit tests
	tests/run --units $(BUILD)

.PHONY: asan
asan: ## build all with AddressSanitizer and UBSan in build/asan and run the unit tests and corpora
	$(MAKE) BUILD=build/asan SANITIZE=address,undefined CFLAGS='-O1 -g' tests
	tests/run --asan build/asan

.PHONY: check
check: ## install what is missing, build, and run every test (needs root)
	tests/deps
	tests/check

.PHONY: e2e
e2e: tests ## run the end-to-end tests in sandboxes of their own (needs root)
	tests/run --e2e $(BUILD)

.PHONY: bench
bench: tests ## measure against what is the least that can be done; fails where a bar is missed (needs root)
	tests/bench/run

.PHONY: valgrind
valgrind: $(UNIT_BIN) ## run the unit tests under valgrind
	tests/run --valgrind $(BUILD)

# What decides verdicts and rights, and does nothing else: tests reach every branch of these.
# Named, so that a file that gets another name is missed; only new ones are found by themselves.
DECIDES     := $(wildcard netguard/model*.c podctl/plan*.c) $(addprefix netguard/, \
                 elements.c ruleset.c flows_decide.c links_decide.c listeners.c relay_request.c \
                 explain_ends.c explain_parse.c explain_rules.c \
                 $(patsubst %,authz_%.c,create decide fields host http mounts nested network request route target top volumes)) \
                 podctl/caller_decide.c podctl/host_groups.c podctl/jail.c common/people.c common/text.c
DECIDES_OBJ := $(DECIDES:%.c=$(BUILD)/branches/%.o)
DECIDES_BIN := $(UNIT_SRC:%.c=$(BUILD)/branches/%)

# not optimized: each condition is a branch of its own; rules of the count: tests/coverage_macros.h
$(DECIDES_OBJ): $(BUILD)/branches/%.o: %.c tests/coverage_macros.h
	@mkdir -p $(@D)
	$(SAY) CC $@
	$(Q)$(CC) -std=gnu17 -D_GNU_SOURCE -I. $(PKG_CFLAGS) -O0 -g --coverage -DNDEBUG \
		-include tests/coverage_macros.h -MMD -MP -c -o $@ $<

# the rest of a unit test is as it always is: what stands before the archive is not taken from it
$(DECIDES_BIN): $(BUILD)/branches/%: $(BUILD)/obj/%.o $(UNIT_HELP) $(DECIDES_OBJ) $(MODULES)
	@mkdir -p $(@D)
	$(LINK) -lcmocka --coverage

.PHONY: branches
branches: $(DECIDES_BIN) ## every branch of what decides verdicts and rights, by unit tests alone (gcc)
	tests/coverage --branches $(BUILD) $(DECIDES)

.PHONY: coverage
coverage: ## lines that the unit tests and the end-to-end tests reach (needs root; takes a while)
	tests/coverage --e2e

.PHONY: golden
golden: $(UNIT_BIN) ## write the golden files again from what the code gives now; look at the diff
	for t in $(UNIT_BIN); do GOLDEN_WRITE=1 $$t >/dev/null || true; done; git diff --stat tests/golden

.PHONY: fuzz
fuzz: ## run every fuzz target for FUZZ_SECONDS (60) each, with clang's libFuzzer
	tests/fuzz/run $(FUZZ_SECONDS)

.PHONY: fuzz-objects
fuzz-objects: $(MODULES) $(FUZZ_SRC:%.c=$(BUILD)/obj/%.o)

.PHONY: lint
lint: all ## format, layers, banned functions, shellcheck, cppcheck, clang-tidy, gcc -fanalyzer
	tests/lint/lint

.PHONY: demo
demo: ## the main job on a fresh machine, shown step by step (needs root; KEEP=1 leaves a shell)
	tests/deps
	$(MAKE) all
	tests/demo

.PHONY: demo-recording
demo-recording: ## write docs/demo.cast, what `make demo` shows, for asciinema (needs root)
	tests/deps
	$(MAKE) all
	tests/demo-recording

# ---- installation ----

# programs that are described in another's page
MAN_LINKS := podctl-enter.8 podctl-shell.8 netguard-relay.8

.PHONY: install
install: all ## install below $(DESTDIR)$(PREFIX)
	install -D -m 755 $(BUILD)/netguard $(DESTDIR)$(PREFIX)/sbin/netguard
	install -D -m 755 $(BUILD)/netguard-relay $(DESTDIR)$(PREFIX)/sbin/netguard-relay
	mkdir -p $(DESTDIR)$(PREFIX)/bin # users ask it too, and have no sbin in their paths
	ln -sf ../sbin/netguard $(DESTDIR)$(PREFIX)/bin/netguard
	for f in podctl podctl-enter podctl-shell; do \
		install -D -m 755 $(BUILD)/$$f $(DESTDIR)$(PREFIX)/bin/$$f; done
	install -d $(DESTDIR)$(SYSTEMD_DIR)
	for f in systemd/*.in; do \
		sed 's|@PREFIX@|$(PREFIX)|g' $$f > $(DESTDIR)$(SYSTEMD_DIR)/$$(basename $$f .in); done
	install -D -m 644 systemd/sysusers.conf $(DESTDIR)$(SYSUSERS_DIR)/netguard.conf
	install -D -m 644 systemd/sysctl.conf $(DESTDIR)$(SYSCTL_DIR)/10-netguard.conf
	install -D -m 644 systemd/udev.rules $(DESTDIR)$(UDEV_DIR)/60-netguard.rules
	[ -n "$(DESTDIR)" ] || ! command -v systemd-sysusers > /dev/null || systemd-sysusers $(SYSUSERS_DIR)/netguard.conf
	for f in man/*.[58]; do \
		install -D -m 644 $$f $(DESTDIR)$(PREFIX)/share/man/man$${f##*.}/$$(basename $$f); done
	for f in $(MAN_LINKS); do ln -sf $${f%%-*}.8 $(DESTDIR)$(PREFIX)/share/man/man8/$$f; done
	for f in examples/*.yml; do \
		install -D -m 644 $$f $(DESTDIR)$(PREFIX)/share/doc/netguard/examples/$$(basename $$f); done
	for f in README.md docs/*.md docs/*.svg docs/*.cast; do \
		install -D -m 644 $$f $(DESTDIR)$(PREFIX)/share/doc/netguard/$$(basename $$f); done
	sed -i 's|](docs/|](|g; s|](\.\./|](|g' $(DESTDIR)$(PREFIX)/share/doc/netguard/*.md # one folder there
	install -D -m 644 nft/netguard.nft $(DESTDIR)$(PREFIX)/share/doc/netguard/netguard.nft
	for f in completions/*.bash; do \
		install -D -m 644 $$f $(DESTDIR)$(PREFIX)/share/bash-completion/completions/$$(basename $$f .bash); done
	for f in completions/*.zsh; do \
		install -D -m 644 $$f $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_$$(basename $$f .zsh); done
	for f in completions/*.fish; do \
		install -D -m 644 $$f $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/$$(basename $$f); done

.PHONY: uninstall
uninstall: ## take away what install put there; configuration, state, the user _netguard and the table stay
	rm -f $(DESTDIR)$(PREFIX)/sbin/netguard $(DESTDIR)$(PREFIX)/sbin/netguard-relay $(DESTDIR)$(PREFIX)/bin/netguard
	for f in podctl podctl-enter podctl-shell; do rm -f $(DESTDIR)$(PREFIX)/bin/$$f; done
	for f in systemd/*.in; do rm -f $(DESTDIR)$(SYSTEMD_DIR)/$$(basename $$f .in); done
	rm -f $(DESTDIR)$(SYSUSERS_DIR)/netguard.conf $(DESTDIR)$(SYSCTL_DIR)/10-netguard.conf
	rm -f $(DESTDIR)$(UDEV_DIR)/60-netguard.rules
	for f in man/*.[58]; do rm -f $(DESTDIR)$(PREFIX)/share/man/man$${f##*.}/$$(basename $$f); done
	for f in $(MAN_LINKS); do rm -f $(DESTDIR)$(PREFIX)/share/man/man8/$$f; done
	rm -rf $(DESTDIR)$(PREFIX)/share/doc/netguard
	for f in completions/*; do n=$$(basename $${f%.*}); \
		rm -f $(DESTDIR)$(PREFIX)/share/bash-completion/completions/$$n \
			$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_$$n \
			$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/$$n.fish; done

.PHONY: deb
deb: ## build Debian packages in build/deb (needs debhelper)
	rm -rf build/deb
	mkdir -p build/deb/source
	git -c safe.directory='*' ls-files -co --exclude-standard | tar -cf - -T - | tar -xf - -C build/deb/source
	cd build/deb/source && dpkg-buildpackage -us -uc -b -J

.PHONY: check-engines
check-engines: all tests ## the end-to-end tests with the engines of other Debian releases (needs root; an hour)
	tests/engines --nft
	tests/engines

.PHONY: check-deb
check-deb: deb ## the packages by lintian, then installed, tried, removed and purged on a copy of this machine (needs root)
	tests/packages

.PHONY: check-boot
check-boot: ## boot a Debian with the packages, with probes that ask all along (needs root, a few minutes the first time)
	tests/deps
	$(MAKE) deb
	tests/run tests/boot/boot

.PHONY: clean
clean: ## remove everything that was built
	rm -rf build

.PHONY: help
help: ## list the targets
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  \1 - \2/p' Makefile | awk -F' - ' '{printf "%-14s %s\n", $$1, $$2}'

-include $(wildcard $(BUILD)/obj/*/*.d $(BUILD)/obj/*/*/*.d $(BUILD)/branches/*/*.d)
