/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The engine's pull stream (POST /images/create): a JSON object a line, which tells of layers and
 * of how it ended. Pure.
 *
 * Much of its text comes from the registry, so all of it is hostile: layers and sizes are bounded,
 * what is no layer is passed over, and nothing of it is shown but by way of an error's text.
 */
#pragma once

#include "common/base.h"
#include "common/err.h"

#define PULL_LAYERS_MAX 512 /* Docker takes 127; what is more is not shown */

enum pull_state { PULL_WAITING, PULL_DOWNLOADING, PULL_DOWNLOADED, PULL_EXTRACTING, PULL_DONE };

struct pull_layer {
	char id[16];	/* "4f4fb700ef54" */
	bool was_here;	/* nothing to be downloaded */
	int64_t loaded; /* bytes downloaded, at most total */
	int64_t total;	/* 0: not known yet */
	enum pull_state state;
};

struct pull {
	struct pull_layer *layers;
	size_t n;
};
void pull_done(struct pull *p);

/*
 * Takes a line: 0, or -EIO with the failure that it reports, or -EPROTO where it is no JSON
 * object. Lines of other meanings are fine.
 */
int pull_line(struct pull *p, const char *line, size_t size, struct err *err);

/* All layers together. */
struct pull_sum {
	size_t layers, fetched; /* to be downloaded; of these, whole and unpacked */
	int64_t loaded, total;	/* bytes, as far as known */
	enum pull_state state;	/* of the least advanced; WAITING also where there are none */
};
void pull_sum(const struct pull *p, struct pull_sum *ret);

/*
 * Whether an error's text says that the registry has refused whoever asked, rather than that it
 * could not be reached or does not have the image. What Docker Hub says of private images and of
 * those that do not exist is the same, and counts as refused.
 */
bool pull_is_refusal(const char *text);
