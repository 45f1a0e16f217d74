/* SPDX-License-Identifier: GPL-3.0-or-later */
/* FROM and TO as people write them. Nothing in them is trusted. */
#include "netguard/explain_private.h"

#include <errno.h>

#define FROM_FORM "user:NAME, pod:NAME, container:NAME, host, world[:ADDRESS] or an address"
#define TO_FORM                                                                                    \
	"pod:NAME, container:NAME, host[:ADDRESS], world[:ADDRESS] or an address, "                \
	"with :PORT, :PORT/udp or /icmp"

static int no_address(const char *text, struct err *err)
{
	char buf[80];

	return err_set(err, EINVAL, "%s is no address", text_printable(buf, sizeof(buf), text));
}

/* 0.0.0.0, ::, which a program may connect to, and the kernel takes another for. */
static bool is_nobody(const struct addr *a)
{
	static const uint8_t zeroes[16];

	return memcmp(a->bytes, zeroes, addr_size(a)) == 0;
}

/* An address, IPv6 also in brackets (which must: with brackets only). */
static int parse_addr(const char *text, bool must, struct addr *ret, struct err *err)
{
	char buf[ADDR_TEXT_MAX];
	size_t n = strlen(text);
	bool brackets = n > 2 && text[0] == '[' && text[n - 1] == ']';
	struct addr addr;

	if (n - (brackets ? 2 : 0) >= sizeof(buf))
		return no_address(text, err);
	memcpy(buf, text + brackets, n - (brackets ? 2 : 0));
	buf[n - (brackets ? 2 : 0)] = '\0';
	if (!addr_parse(buf, &addr) || (brackets && addr.family != AF_INET6))
		return no_address(text, err);
	if (must && addr.family == AF_INET6 && !brackets)
		return err_set(err, EINVAL, "%s: an IPv6 address with a port goes in brackets",
			       text);
	if (must && is_nobody(&addr))
		return err_set(err, EINVAL, "%s is nobody's address: give the one that is meant",
			       buf);
	*ret = addr;
	return 0;
}

static void copy_name(struct explain_spec *s, const char *name)
{
	memcpy(s->name, name, strlen(name) + 1);
}

/* Container names and pod names have no @, so the last one begins a pretended source. */
static int parse_named(struct explain_spec *s, char *name, bool from, struct err *err)
{
	char *at = from ? strrchr(name, '@') : NULL;

	if (at)
		*at = '\0';
	if (!name[0])
		return err_set(err, EINVAL, "a name is wanted behind pod: and container:");
	copy_name(s, name);
	return at ? parse_addr(at + 1, false, &s->addr, err) : 0;
}

static int parse_end(char *text, bool from, struct explain_spec *s, struct err *err)
{
	char *name = strchr(text, ':');
	char printable[80];

	if (streq(text, "host") || streq(text, "world")) {
		s->kind = text[0] == 'h' ? SPEC_HOST : SPEC_WORLD;
		return 0;
	}
	if (!name || text[0] == '[' || addr_parse(text, &s->addr)) {
		s->kind = SPEC_ADDR;
		if (!name && !strpbrk(text, ".")) /* a word that is none of ours */
			return err_set(err, EINVAL, "%s: wanted is %s",
				       text_printable(printable, sizeof(printable), text),
				       from ? FROM_FORM : TO_FORM);
		return parse_addr(text, !from, &s->addr, err);
	}
	*name++ = '\0';
	if (from && streq(text, "user") && name[0]) {
		s->kind = SPEC_USER;
		copy_name(s, name);
		return 0;
	}
	if (streq(text, "pod") || streq(text, "container")) {
		s->kind = text[0] == 'p' ? SPEC_POD : SPEC_CONTAINER;
		return parse_named(s, name, from, err);
	}
	if (streq(text, "world") || (!from && streq(text, "host"))) {
		s->kind = text[0] == 'w' ? SPEC_WORLD : SPEC_HOST;
		return parse_addr(name, !from, &s->addr, err);
	}
	return err_set(err, EINVAL, "%s: wanted is %s",
		       text_printable(printable, sizeof(printable), text),
		       from ? FROM_FORM : TO_FORM);
}

static int copy_text(const char *text, char buf[static EXPLAIN_TEXT_MAX + 1], struct err *err)
{
	size_t n = strnlen(text, EXPLAIN_TEXT_MAX + 1);

	if (n == 0 || n > EXPLAIN_TEXT_MAX)
		return err_set(err, EINVAL, n ? "that is too long" : "FROM and TO are wanted");
	memcpy(buf, text, n + 1);
	return 0;
}

int explain_parse_from(const char *text, struct explain_spec *ret, struct err *err)
{
	struct explain_spec s = {.kind = SPEC_HOST};
	char buf[EXPLAIN_TEXT_MAX + 1] = "";
	int r = copy_text(text, buf, err);

	if (r == 0)
		r = parse_end(buf, true, &s, err);
	if (r == 0)
		*ret = s;
	return r;
}

/* Whether this is an end of its own with a port behind it. */
static int refuse_port(const char *text, struct err *err)
{
	char buf[EXPLAIN_TEXT_MAX + 1], printable[EXPLAIN_TEXT_MAX + 1];
	const char *colon = strrchr(text, ':');
	struct explain_spec end = {0};
	struct err ignored;
	uint16_t port;

	if (!colon || !port_parse(colon + 1, &port))
		return 0;
	memcpy(buf, text, (size_t)(colon - text));
	buf[colon - text] = '\0';
	text_printable(printable, sizeof(printable), buf);
	if (parse_end(buf, false, &end, &ignored) < 0)
		return 0;
	return err_set(err, EINVAL, "icmp has no port: %s/icmp", printable);
}

int explain_parse_to(const char *text, struct explain_spec *ret, struct err *err)
{
	struct explain_spec s = {.proto = IPPROTO_TCP};
	char buf[EXPLAIN_TEXT_MAX + 1] = "", printable[80];
	char *slash, *colon;
	int r = copy_text(text, buf, err);

	if (r < 0)
		return r;
	slash = strrchr(buf, '/');
	/* that of pod:NAME/others:80 stands before the port */
	if (slash && strchr(slash, ':'))
		slash = NULL;
	if (slash)
		*slash++ = '\0';
	if (slash && streq(slash, "icmp"))
		s.proto = IPPROTO_ICMP;
	else if (slash && !proto_parse(slash, &s.proto))
		return err_set(err, EINVAL, "%s: behind the slash stands tcp, udp or icmp",
			       text_printable(printable, sizeof(printable), text));
	if (s.proto != IPPROTO_ICMP) {
		colon = strrchr(buf, ':');
		if (!colon || !port_parse(colon + 1, &s.port))
			return err_set(err, EINVAL,
				       "%s: a port is wanted, 1 to 65535, such as pod:web:80/tcp",
				       text_printable(printable, sizeof(printable), text));
		*colon = '\0';
	} else if ((r = refuse_port(buf, err)) < 0) {
		return r;
	}
	r = parse_end(buf, false, &s, err);
	if (r == 0)
		*ret = s;
	return r;
}
