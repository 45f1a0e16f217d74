/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/inspect.h"

#include "common/clock.h"

/* what one still has whose turn comes when the time is over: others hung before it */
#define LATE_MS 1000

struct inspecting {
	struct engine *engine;
	const struct inspect_item *items;
	size_t n, next;
	int64_t due;
};

struct question {
	struct inspecting *inspecting;
	const struct inspect_item *item;
};

static void ask_next(struct inspecting *in);

static void answered(void *userdata, const struct engine_reply *reply)
{
	struct question *q = userdata;

	q->item->done(q->item->userdata, reply);
	ask_next(q->inspecting);
	free(q);
}

static void ask_next(struct inspecting *in)
{
	int64_t left = in->due - clock_ms();
	_cleanup_free_ char *path = NULL;
	struct question *q;

	if (in->next >= in->n)
		return;
	q = xcalloc(1, sizeof(*q));
	*q = (struct question){in, &in->items[in->next++]};
	path = xasprintf("/containers/%s/json", q->item->id);
	engine_start(in->engine,
		     &(struct engine_call){.method = "GET",
					   .path = path,
					   .timeout_ms = left > LATE_MS ? (int)left : LATE_MS,
					   .done = answered,
					   .userdata = q});
}

void inspect_containers(struct engine *e, const struct inspect_item *items, size_t n,
			int patience_ms)
{
	struct inspecting in = {e, items, n, 0, clock_ms() + patience_ms};

	for (size_t i = 0; i < ENGINE_PARALLEL_MAX; i++)
		ask_next(&in);
	engine_wait(e);
}
