/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The canary: a container of our own with a change in it that a scan must find. Which one that is
 * stands in the store, so that no other scan takes it for a finding.
 */
#pragma once

#include "engine/engine.h"
#include "podctl/scan_store.h"
#include "podctl/ui.h"

/*
 * Makes a canary, scans it, and removes it whatever happened (and what a test that was killed has
 * left). 0: what was put there was found, and nothing else. Signals that would end us wait.
 */
int scan_canary_test(struct engine *e, const struct ui *ui, struct err *err);

/* Takes the last canary out of the targets. */
void scan_canary_forget(const struct scan_store *store, struct scan_targets *targets);
