/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Single values of the settings: rates, sizes, capabilities, choices. Pure. */
#include "common/settings_decode.h"

#include <errno.h>

/* capability.h of Linux 6.x; Docker's own defaults marked */
static const struct {
	const char *name;
	bool docker, ours;
} capabilities[] = {
	{"AUDIT_CONTROL", false, false},
	{"AUDIT_READ", false, false},
	{"AUDIT_WRITE", true, true},
	{"BLOCK_SUSPEND", false, false},
	{"BPF", false, false},
	{"CHECKPOINT_RESTORE", false, false},
	{"CHOWN", true, true},
	{"DAC_OVERRIDE", true, true},
	{"DAC_READ_SEARCH", false, false},
	{"FOWNER", true, true},
	{"FSETID", true, true},
	{"IPC_LOCK", false, false},
	{"IPC_OWNER", false, false},
	{"KILL", true, true},
	{"LEASE", false, false},
	{"LINUX_IMMUTABLE", false, false},
	{"MAC_ADMIN", false, false},
	{"MAC_OVERRIDE", false, false},
	{"MKNOD", true, false}, /* makes devices */
	{"NET_ADMIN", false, false},
	{"NET_BIND_SERVICE", true, true},
	{"NET_BROADCAST", false, false},
	{"NET_RAW", true, false}, /* forges packets */
	{"PERFMON", false, false},
	{"SETFCAP", true, true},
	{"SETGID", true, true},
	{"SETPCAP", true, true},
	{"SETUID", true, true},
	{"SYSLOG", false, false},
	{"SYS_ADMIN", false, false},
	{"SYS_BOOT", false, false},
	{"SYS_CHROOT", true, true},
	{"SYS_MODULE", false, false},
	{"SYS_NICE", false, false},
	{"SYS_PACCT", false, false},
	{"SYS_PTRACE", false, false},
	{"SYS_RAWIO", false, false},
	{"SYS_RESOURCE", false, false},
	{"SYS_TIME", false, false},
	{"SYS_TTY_CONFIG", false, false},
	{"WAKE_ALARM", false, false},
};

static char upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

/* Whether text is name in either case, to text's end. */
static bool same_word(const char *text, const char *name)
{
	for (; *text && upper(*text) == upper(*name); text++)
		name++;
	return *text == '\0' && *name == '\0';
}

const char *capability_name(const char *text)
{
	if (strnlen(text, 4) == 4 && upper(text[0]) == 'C' && upper(text[1]) == 'A' &&
	    upper(text[2]) == 'P' && text[3] == '_')
		text += 4;
	for (size_t i = 0; i < ARRAY_SIZE(capabilities); i++) {
		if (same_word(text, capabilities[i].name))
			return capabilities[i].name;
	}
	return NULL;
}

void settings_add_default_capabilities(struct strv *v)
{
	for (size_t i = 0; i < ARRAY_SIZE(capabilities); i++) {
		if (capabilities[i].ours)
			strv_add(v, capabilities[i].name);
	}
}

int settings_decode_capabilities(struct schema_context *ctx, const struct yaml_node *node,
				 void *target, const struct schema_field *field _unused_)
{
	static const struct schema_field strings = {.type = SCHEMA_STRINGS};
	_cleanup_(strv_done)
	struct strv names = {0};
	char quoted[PROBLEM_QUOTE_MAX];
	struct strv *ret = target;
	int result = schema_decode_at(ctx, "", &strings, node, &names);

	if (result < 0)
		return result;
	for (size_t i = 0; i < names.n; i++) {
		size_t length = schema_enter_index(ctx, i);
		const char *name = capability_name(names.items[i]);

		if (!name)
			result = schema_error(ctx, node->values[i], "%s is not a capability%s",
					      problems_quote(quoted, names.items[i]),
					      same_word(names.items[i], "all")
						      ? ": name each that is meant"
						      : "");
		else if (!strv_has(ret, name))
			strv_add(ret, name);
		schema_leave(ctx, length);
	}
	return result;
}

/* A decimal number without sign at *text, moved behind it. false: none, or too large. */
static bool number(const char **text, uint64_t max, uint64_t *ret)
{
	const char *s = *text;
	uint64_t n = 0;

	for (; *s >= '0' && *s <= '9'; s++) {
		if (__builtin_mul_overflow(n, (uint64_t)10, &n) ||
		    __builtin_add_overflow(n, (uint64_t)(*s - '0'), &n) || n > max)
			return false;
	}
	if (s == *text)
		return false;
	*text = s;
	*ret = n;
	return true;
}

bool size_parse(const char *text, int64_t *ret)
{
	static const char units[] = "KMGTP";
	uint64_t whole, tenths = 0, scale = 1, unit = 1, bytes;
	const char *u;

	if (!number(&text, INT64_MAX, &whole))
		return false;
	if (*text == '.') {
		const char *start = ++text;

		if (!number(&text, 999999, &tenths) || text - start > 6)
			return false;
		for (; start < text; start++)
			scale *= 10;
	}
	u = *text ? strchr(units, upper(*text)) : NULL;
	if (u) {
		unit = (uint64_t)1 << (10 * (u - units + 1));
		text++;
	}
	if (upper(*text) == 'B')
		text++;
	/* a fraction of a byte is a mistake */
	if (*text || (scale > 1 && unit == 1))
		return false;
	if (__builtin_mul_overflow(whole, unit, &bytes) ||
	    __builtin_add_overflow(bytes, unit / scale * tenths + unit % scale * tenths / scale,
				   &bytes) ||
	    bytes == 0 || bytes > INT64_MAX)
		return false;
	*ret = (int64_t)bytes;
	return true;
}

int settings_decode_size(struct schema_context *ctx, const struct yaml_node *node, void *target,
			 const struct schema_field *field _unused_)
{
	const char *text = schema_get_string(ctx, node);

	if (!text)
		return -EINVAL;
	if (!size_parse(text, target))
		return schema_error(ctx, node, "must be a size in bytes, such as 512M or 2G");
	return 0;
}

int settings_decode_cpus(struct schema_context *ctx, const struct yaml_node *node, void *target,
			 const struct schema_field *field _unused_)
{
	double value = 0;

	/* the engine counts in billionths of a processor */
	if (!yaml_get_double(node, &value) || value < 0.01 || value > 100000)
		return schema_error(ctx, node, "must be a number of processors, such as 2 or 0.5");
	*(double *)target = value;
	return 0;
}

int settings_decode_choice(struct schema_context *ctx, const struct yaml_node *node,
			   const char *yes, const char *no, bool *ret)
{
	const char *text = node->kind == YAML_NODE_SCALAR ? node->text : "";

	if (!streq(text, yes) && !streq(text, no))
		return schema_error(ctx, node, "must be %s or %s", no, yes);
	*ret = streq(text, yes);
	return 0;
}

/* Moves *text behind word. */
static bool skip(const char **text, const char *word)
{
	const char *after = startswith(*text, word);

	if (after)
		*text = after;
	return after != NULL;
}

/* "20/second", "100/minute burst 200": as nft writes a limit. */
static bool rate_parse(const char *text, struct settings_rate *ret)
{
	static const struct {
		const char *name;
		unsigned seconds;
	} units[] = {{"/second", 1}, {"/minute", 60}, {"/hour", 3600}, {"/day", 86400}};
	struct settings_rate rate = {.burst = 5}; /* nft's own default */
	uint64_t burst;

	if (!number(&text, UINT32_MAX, &rate.rate) || rate.rate == 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(units) && rate.unit == 0; i++) {
		if (skip(&text, units[i].name))
			rate.unit = units[i].seconds;
	}
	if (rate.unit == 0)
		return false;
	if (skip(&text, " burst ")) {
		if (!number(&text, UINT32_MAX, &burst) || burst == 0)
			return false;
		rate.burst = (uint32_t)burst;
		skip(&text, " packets");
	}
	if (*text)
		return false;
	*ret = rate;
	return true;
}

int settings_decode_rate(struct schema_context *ctx, const struct yaml_node *node, void *target,
			 const struct schema_field *field _unused_)
{
	const char *text = schema_get_string(ctx, node);

	if (!text)
		return -EINVAL;
	if (!rate_parse(text, target))
		return schema_error(ctx, node,
				    "must be a rate such as 20/second or 100/minute burst 200 "
				    "(per second, minute, hour or day)");
	return 0;
}
