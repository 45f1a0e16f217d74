/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Formats: proc_pid_net(5); net/unix/af_unix.c unix_seq_show, net/ipv4/tcp_ipv4.c get_tcp4_sock. */
#include "podctl/listening.h"

#include <arpa/inet.h>
#include <inttypes.h>

#define UNIX_LISTENS 0x10000U /* __SO_ACCEPTCON */
#define TCP_LISTENS  0x0aU

void listenings_done(struct listenings *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->items[i].where);
	free(l->items);
	*l = (struct listenings){0};
}

/* Caller frees what it returns; *at goes to the next line, NULL behind the last. */
static char *next_line(const char **at)
{
	size_t n = strcspn(*at, "\n");
	char *line = xstrndup(*at, n);

	*at = (*at)[n] ? *at + n + 1 : NULL;
	return line;
}

/* "Num: RefCount Protocol Flags Type St Inode Path" */
static void read_unix_line(struct listenings *ret, const char *line)
{
	unsigned flags;
	uint64_t inode;
	int path = 0;

	if (sscanf(line, "%*[^:]: %*x %*x %x %*x %*x %" SCNu64 " %n", &flags, &inode, &path) == 2 &&
	    path > 0 && line[path] == '/' && (flags & UNIX_LISTENS))
		ARRAY_PUSH(ret->items, ret->n) =
			(struct listening){inode, xstrdup(line + path), false};
}

void listenings_read_unix(struct listenings *ret, const char *text)
{
	while (text) {
		_cleanup_free_ char *line = next_line(&text);

		read_unix_line(ret, line);
	}
}

/* 8 or 32 digits: words of 32 bits, each as the machine has them. Caller frees. */
static char *address_text(const char *hex, unsigned port)
{
	size_t n = strlen(hex) / 8;
	bool ip6 = n == 4;
	uint32_t words[4] = {0};
	char text[INET6_ADDRSTRLEN];

	if (strlen(hex) != n * 8 || (n != 1 && n != 4))
		return NULL;
	for (size_t i = 0; i < n; i++) {
		char word[9] = "";

		memcpy(word, hex + i * 8, 8);
		words[i] = (uint32_t)strtoul(word, NULL, 16);
	}
	if (!inet_ntop(ip6 ? AF_INET6 : AF_INET, words, text, sizeof(text)))
		return NULL;
	return xasprintf("%s%s%s:%u", ip6 ? "[" : "", text, ip6 ? "]" : "", port);
}

/* "sl local remote st queues timer retransmitted uid timeout inode ..." */
static void read_tcp_line(struct listenings *ret, const char *line)
{
	char address[33];
	unsigned port, state;
	uint64_t inode;
	char *where;

	if (sscanf(line,
		   " %*u: %32[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %x %*x:%*x %*x:%*x %*x %*u %*u "
		   "%" SCNu64,
		   address, &port, &state, &inode) != 4 ||
	    state != TCP_LISTENS)
		return;
	where = address_text(address, port);
	if (where)
		ARRAY_PUSH(ret->items, ret->n) = (struct listening){inode, where, true};
}

void listenings_read_tcp(struct listenings *ret, const char *text)
{
	while (text) {
		_cleanup_free_ char *line = next_line(&text);

		read_tcp_line(ret, line);
	}
}
