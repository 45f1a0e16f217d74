/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * limits: what a container may take of the host. They may only lower: policy's ceilings hold
 * whatever a file says, and no limit at all is for configurations that say so. What the engine
 * would refuse later is refused here. Pure.
 */
#include "podctl/pod_private.h"

#include <errno.h>

#define MEMORY_MIN ((int64_t)6 * 1024 * 1024) /* of the engine */
#define CPUS_MAX   1024.0
#define COUNT_MAX  INT64_C(1000000000000000)
#define NOFILE_MAX INT64_C(1048576) /* fs.nr_open's default: more is refused at the start */

static const char *const keys[POD_LIMIT_COUNT_] = {
	[POD_LIMIT_CPUS] = "cpus",
	[POD_LIMIT_CPU_SHARES] = "cpu-shares",
	[POD_LIMIT_MEMORY] = "memory",
	[POD_LIMIT_MEMORY_SWAP] = "memory-swap",
	[POD_LIMIT_MEMORY_RESERVATION] = "memory-reservation",
	[POD_LIMIT_SHM_SIZE] = "shm-size",
	[POD_LIMIT_OOM_SCORE_ADJ] = "oom-score-adj",
	[POD_LIMIT_PIDS] = "pids",
	[POD_LIMIT_ULIMITS + 0] = "ulimit-core",
	[POD_LIMIT_ULIMITS + 1] = "ulimit-cpu",
	[POD_LIMIT_ULIMITS + 2] = "ulimit-data",
	[POD_LIMIT_ULIMITS + 3] = "ulimit-fsize",
	[POD_LIMIT_ULIMITS + 4] = "ulimit-memlock",
	[POD_LIMIT_ULIMITS + 5] = "ulimit-msgqueue",
	[POD_LIMIT_ULIMITS + 6] = "ulimit-nofile",
	[POD_LIMIT_ULIMITS + 7] = "ulimit-rttime",
	[POD_LIMIT_ULIMITS + 8] = "ulimit-stack",
};

const char *pod_limit_key(enum pod_limit limit)
{
	return keys[limit];
}

/* The words for no limit. */
static bool is_unlimited(const char *text)
{
	return streq(text, "unlimited") || streq(text, "-1") ||
	       (*text && strspn(text, "0") == strlen(text));
}

static bool parse_count(const char *text, size_t n, int64_t *ret)
{
	uint64_t value;

	if (!text_digits(text, n, COUNT_MAX - 1, &value))
		return false;
	*ret = (int64_t)value;
	return true;
}

static int decode_size(struct schema_context *ctx, const struct yaml_node *node, void *target,
		       const struct schema_field *field _unused_)
{
	const char *text = schema_get_string(ctx, node);

	if (!text)
		return -EINVAL;
	if (is_unlimited(text))
		*(int64_t *)target = POD_UNLIMITED;
	else if (!size_parse(text, target))
		return schema_error(ctx, node, "must be a size, such as 512M or 2G");
	return 0;
}

static int decode_cpus(struct schema_context *ctx, const struct yaml_node *node, void *target,
		       const struct schema_field *field _unused_)
{
	const char *text = schema_get_string(ctx, node);
	double value;

	if (!text)
		return -EINVAL;
	if (is_unlimited(text)) {
		*(int64_t *)target = POD_UNLIMITED;
		return 0;
	}
	if (!pod_parse_decimal(text, 0.01, CPUS_MAX, &value))
		return schema_error(ctx, node, "must be a number of CPUs from 0.01, such as 1.5");
	*(int64_t *)target = (int64_t)(value * 1e9 + 0.5);
	return 0;
}

static int decode_pids(struct schema_context *ctx, const struct yaml_node *node, void *target,
		       const struct schema_field *field _unused_)
{
	const char *text = schema_get_string(ctx, node);

	if (!text)
		return -EINVAL;
	if (is_unlimited(text))
		*(int64_t *)target = POD_UNLIMITED;
	else if (!parse_count(text, strlen(text), target) || *(int64_t *)target > 4194304)
		return schema_error(ctx, node, "must be a number of processes up to 4194304");
	return 0;
}

static bool parse_ulimit(const char *text, size_t n, int64_t *ret)
{
	if ((n == 9 && strncmp(text, "unlimited", n) == 0) ||
	    (n == 2 && strncmp(text, "-1", n) == 0)) {
		*ret = POD_UNLIMITED;
		return true;
	}
	return parse_count(text, n, ret);
}

static int decode_ulimit(struct schema_context *ctx, const struct yaml_node *node, void *target,
			 const struct schema_field *field)
{
	const char *text = schema_get_string(ctx, node);
	struct pod_ulimit *u = target, new;
	size_t n;

	if (!text)
		return -EINVAL;
	n = strcspn(text, ":");
	if (!parse_ulimit(text, n, &new.soft))
		return schema_error(ctx, node, "must be SOFT or SOFT:HARD, numbers");
	new.hard = new.soft;
	if (text[n] && !parse_ulimit(text + n + 1, strlen(text + n + 1), &new.hard))
		return schema_error(ctx, node, "must be SOFT or SOFT:HARD, numbers");
	if (new.hard != POD_UNLIMITED && (new.soft == POD_UNLIMITED || new.soft > new.hard))
		return schema_error(ctx, node, "the soft limit cannot be above the hard one");
	if (field->max && new.hard > field->max)
		return schema_error(ctx, node, "cannot be above %lld", (long long)field->max);
	*u = new;
	return 0;
}

#define LIMIT(limit, member, ...)                                                                  \
	.offset = offsetof(struct pod_limits, member),                                             \
	.mark_offset = offsetof(struct pod_limits, marks[limit]),                                  \
	.given_offset = offsetof(struct pod_limits, given[limit]), __VA_ARGS__
#define ULIMIT(i, k, most, text)                                                                   \
	{                                                                                          \
		.key = "ulimit-" k, .type = SCHEMA_CUSTOM, .decode = decode_ulimit,                \
		.json = SCHEMA_JSON_TEXT, .max = (most), .doc = text,                              \
		LIMIT(POD_LIMIT_ULIMITS + (i), ulimits[i])                                         \
	}

static const struct schema_field limit_fields[] = {
	{.key = "cpus",
	 .type = SCHEMA_CUSTOM,
	 .decode = decode_cpus,
	 .json = SCHEMA_JSON_TEXT,
	 .doc = "CPUs at most, 1.5",
	 LIMIT(POD_LIMIT_CPUS, nano_cpus)},
	{.key = "cpu-shares",
	 .type = SCHEMA_INT,
	 .min = 2,
	 .max = 1024,
	 .doc = "share of the CPUs where they are short, 2 to 1024 (the default)",
	 LIMIT(POD_LIMIT_CPU_SHARES, cpu_shares)},
	{.key = "memory",
	 .type = SCHEMA_CUSTOM,
	 .decode = decode_size,
	 .json = SCHEMA_JSON_SIZE,
	 .doc = "memory at most, 512M",
	 LIMIT(POD_LIMIT_MEMORY, memory)},
	{.key = "memory-swap",
	 .type = SCHEMA_CUSTOM,
	 .decode = decode_size,
	 .json = SCHEMA_JSON_SIZE,
	 .doc = "memory and swap together at most",
	 LIMIT(POD_LIMIT_MEMORY_SWAP, memory_swap)},
	{.key = "memory-reservation",
	 .type = SCHEMA_CUSTOM,
	 .decode = decode_size,
	 .json = SCHEMA_JSON_SIZE,
	 .doc = "memory that it is held to where memory is short",
	 LIMIT(POD_LIMIT_MEMORY_RESERVATION, memory_reservation)},
	{.key = "shm-size",
	 .type = SCHEMA_CUSTOM,
	 .decode = decode_size,
	 .json = SCHEMA_JSON_SIZE,
	 .doc = "size of /dev/shm, which the pod's containers share: the largest counts",
	 LIMIT(POD_LIMIT_SHM_SIZE, shm_size)},
	{.key = "oom-score-adj",
	 .type = SCHEMA_INT,
	 .min = 0,
	 .max = 1000,
	 .doc = "0 to 1000: the higher, the sooner it is killed where memory is out",
	 LIMIT(POD_LIMIT_OOM_SCORE_ADJ, oom_score_adj)},
	{.key = "pids",
	 .type = SCHEMA_CUSTOM,
	 .decode = decode_pids,
	 .json = SCHEMA_JSON_TEXT,
	 .doc = "processes and threads at most",
	 LIMIT(POD_LIMIT_PIDS, pids)},
	ULIMIT(0, "core", 0, "size of a core dump, bytes"),
	ULIMIT(1, "cpu", 0, "CPU time of a process, seconds"),
	ULIMIT(2, "data", 0, "data segment of a process, bytes"),
	ULIMIT(3, "fsize", 0, "size of a file, bytes"),
	ULIMIT(4, "memlock", 0, "memory locked by a process, bytes"),
	ULIMIT(5, "msgqueue", 0, "POSIX message queues, bytes"),
	ULIMIT(6, "nofile", NOFILE_MAX, "open files of a process"),
	ULIMIT(7, "rttime", 0, "CPU time of a real-time process, microseconds"),
	ULIMIT(8, "stack", 0, "stack of a process, bytes"),
	{0},
};

const struct schema pod_limits_schema = {"limits", limit_fields, sizeof(struct pod_limits)};

struct limit_check {
	struct checker *ck;
	const struct pod_container *c;
	const struct pod_limits *l;
};

static void _printf_(3, 4)
	wrong(const struct limit_check *lc, enum pod_limit limit, const char *fmt, ...)
{
	_cleanup_free_ char *key = xasprintf("limits.%s", keys[limit]),
			    *path = pod_problem_path(lc->c, key), *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	PROBLEM(lc->ck, lc->l->marks[limit], path, "%s", text);
}

/* ceiling: policy's, 0 where it has none; name: its key. The value in force. */
static int64_t under_ceiling(const struct limit_check *lc, enum pod_limit limit, int64_t value,
			     int64_t ceiling, const char *name)
{
	bool given = lc->l->given[limit];

	if (!given)
		return ceiling; /* or 0 */
	if (value == POD_UNLIMITED && ceiling > 0)
		wrong(lc, limit, "policy.%s allows no more than its ceiling", name);
	else if (value == POD_UNLIMITED && !lc->ck->settings->policy.unlimited)
		wrong(lc, limit,
		      "no limit at all is allowed only where policy says unlimited: true");
	else if (ceiling > 0 && value > ceiling)
		wrong(lc, limit, "is above the ceiling, policy.%s", name);
	return value;
}

/* Memory and swap together never get above the ceiling of memory. */
static void check_memory(const struct limit_check *lc, struct pod_limits *l)
{
	int64_t ceiling = lc->ck->settings->policy.max_memory;
	bool swap_given = l->given[POD_LIMIT_MEMORY_SWAP];

	l->memory = under_ceiling(lc, POD_LIMIT_MEMORY, l->memory, ceiling, "max_memory");
	if (l->memory > 0 && l->memory < MEMORY_MIN)
		wrong(lc, POD_LIMIT_MEMORY, "must be at least 6M%s",
		      ceiling > 0 && ceiling < MEMORY_MIN
			      ? ", which is above the ceiling, policy.max_memory"
			      : "");
	if (swap_given) {
		l->memory_swap = under_ceiling(lc, POD_LIMIT_MEMORY_SWAP, l->memory_swap, ceiling,
					       "max_memory");
		if (l->memory <= 0)
			wrong(lc, POD_LIMIT_MEMORY_SWAP,
			      "needs memory, too: it is the sum of both");
		else if (l->memory_swap != POD_UNLIMITED && l->memory_swap < l->memory)
			wrong(lc, POD_LIMIT_MEMORY_SWAP,
			      "cannot be below memory: it is the sum of both");
	} else if (ceiling > 0 && l->memory > 0) {
		/* the engine would take twice the memory */
		l->memory_swap = l->memory > ceiling / 2 ? ceiling : l->memory * 2;
	}
	if (l->given[POD_LIMIT_MEMORY_RESERVATION]) {
		if (l->memory_reservation == POD_UNLIMITED)
			wrong(lc, POD_LIMIT_MEMORY_RESERVATION, "must be a size");
		else if (l->memory_reservation < MEMORY_MIN)
			wrong(lc, POD_LIMIT_MEMORY_RESERVATION, "must be at least 6M");
		else if (l->memory > 0 && l->memory_reservation > l->memory)
			wrong(lc, POD_LIMIT_MEMORY_RESERVATION, "cannot be above memory");
	}
	if (l->given[POD_LIMIT_SHM_SIZE] && l->shm_size == POD_UNLIMITED)
		wrong(lc, POD_LIMIT_SHM_SIZE, "must be a size");
	else if (ceiling > 0 && l->shm_size > ceiling)
		wrong(lc, POD_LIMIT_SHM_SIZE, "is above the ceiling, policy.max_memory");
}

void pod_check_limits(struct checker *ck, struct pod_container *c)
{
	const struct settings_policy *policy = &ck->settings->policy;
	struct pod_limits *l = &c->limits;
	const struct limit_check lc = {ck, c, l};

	l->nano_cpus = under_ceiling(&lc, POD_LIMIT_CPUS, l->nano_cpus,
				     (int64_t)(policy->max_cpus * 1e9 + 0.5), "max_cpus");
	l->pids = under_ceiling(&lc, POD_LIMIT_PIDS, l->pids, policy->max_pids, "max_pids");
	check_memory(&lc, l);
	for (size_t i = 0; i < ARRAY_SIZE(l->ulimits); i++) {
		enum pod_limit limit = (enum pod_limit)(POD_LIMIT_ULIMITS + i);

		if (l->given[limit] && l->ulimits[i].hard == POD_UNLIMITED && !policy->unlimited)
			wrong(&lc, limit,
			      "no limit at all is allowed only where policy says unlimited: true");
	}
}
