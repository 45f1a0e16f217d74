# SPDX-License-Identifier: GPL-3.0-or-later
# netguard and podctl. `make help` lists the targets.

PREFIX      ?= /usr/local
BUILD       ?= build
CC          ?= gcc
CFLAGS      ?= -O2 -g
WERROR      ?=

PKGS        := libnftnl libmnl libcurl jansson yaml-0.1
WARNINGS    := -Wall -Wextra -Wconversion -Wsign-conversion -Wshadow -Wstrict-prototypes \
               -Wmissing-prototypes -Wold-style-definition -Wformat=2 -Wundef -Wvla -Wcast-qual \
               -Wwrite-strings -Wpointer-arith -Wredundant-decls -Wnull-dereference \
               -Wimplicit-fallthrough -Wdouble-promotion
HARDENING   := -D_FORTIFY_SOURCE=3 -fstack-protector-strong -fPIE -fstack-clash-protection
SANITIZE    ?=
VERSION     := $(shell git -C $(CURDIR) describe --tags --always 2>/dev/null || echo unknown)

ifneq ($(SANITIZE),)
HARDENING   := -fPIE -fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=all
endif

ALL_CFLAGS   = -std=gnu17 -D_GNU_SOURCE -I. $(WARNINGS) $(WERROR) $(HARDENING) \
               $(shell pkg-config --cflags $(PKGS)) $(CFLAGS) -MMD -MP
ALL_LDFLAGS  = -pie -Wl,-z,relro,-z,now -Wl,--as-needed $(if $(SANITIZE),-fsanitize=$(SANITIZE)) $(LDFLAGS)
LIBS        := $(shell pkg-config --libs $(PKGS) 2>/dev/null)

obj          = $(patsubst %.c,$(BUILD)/%.o,$(filter-out %main.c,$(wildcard $(1)/*.c)))
COMMON_OBJ  := $(call obj,common)
ENGINE_OBJ  := $(call obj,engine)
NFT_OBJ     := $(call obj,nft)
NETGUARD_OBJ := $(call obj,netguard)
PODCTL_OBJ  := $(call obj,podctl)

.PHONY: all
all: $(BUILD)/podctl $(BUILD)/netguard ## build the programs (default)

$(BUILD)/netguard: $(BUILD)/netguard/main.o $(NETGUARD_OBJ) $(NFT_OBJ) $(ENGINE_OBJ) $(COMMON_OBJ)
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/podctl: $(BUILD)/podctl/main.o $(PODCTL_OBJ) $(ENGINE_OBJ) $(COMMON_OBJ)
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

# ---- unit tests: tests/unit/test_NAME.c, each linked with everything but the mains ----
UNIT_SRC    := $(wildcard tests/unit/test_*.c)
UNIT_BIN    := $(UNIT_SRC:%.c=$(BUILD)/%)
UNIT_HELP   := $(patsubst %.c,$(BUILD)/%.o,$(filter-out $(UNIT_SRC),$(wildcard tests/unit/*.c)))

$(BUILD)/tests/unit/test_%: $(BUILD)/tests/unit/test_%.o $(UNIT_HELP) $(NETGUARD_OBJ) $(PODCTL_OBJ) $(NFT_OBJ) $(ENGINE_OBJ) $(COMMON_OBJ)
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIBS) -lcmocka

.PHONY: unit
unit: $(UNIT_BIN) ## build and run the unit tests
	@for t in $(UNIT_BIN); do $$t || exit 1; done

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
