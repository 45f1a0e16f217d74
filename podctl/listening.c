/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Formats: proc_pid_net(5); net/unix/af_unix.c unix_seq_show, net/ipv4/tcp_ipv4.c get_tcp4_sock. */
#include "podctl/listening.h"

#include "common/text.h"

#include <arpa/inet.h>

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

/* The next word of *at, which is cut off there; what follows it, behind one space, is in *at. */
static char *next_word(char **at)
{
	char *word = *at + strspn(*at, " ");
	size_t n = strcspn(word, " ");

	*at = word + n + (word[n] ? 1 : 0);
	word[n] = '\0';
	return word;
}

/* The first n words, empty where there are fewer. Returns the rest. */
static char *split(char *line, char **ret, size_t n)
{
	for (size_t i = 0; i < n; i++)
		ret[i] = next_word(&line);
	return line;
}

/* "Num: RefCount Protocol Flags Type St Inode Path" */
static void read_unix_line(struct listenings *ret, char *line)
{
	enum { FLAGS = 3, INODE = 6, WORDS };
	char *words[WORDS], *path = split(line, words, WORDS);
	uint64_t inode;

	if (*path == '/' && strtoul(words[FLAGS], NULL, 16) & UNIX_LISTENS &&
	    text_number(words[INODE], UINT64_MAX, &inode))
		ARRAY_PUSH(ret->items, ret->n) = (struct listening){inode, xstrdup(path), false};
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

/* "sl: local remote st queues timer retransmitted uid timeout inode ..." */
static void read_tcp_line(struct listenings *ret, char *line)
{
	enum { LOCAL = 1, STATE = 3, INODE = 9, WORDS };
	char *words[WORDS], *port, *where;
	uint64_t inode;

	split(line, words, WORDS);
	port = strchr(words[LOCAL], ':');
	if (!port || strtoul(words[STATE], NULL, 16) != TCP_LISTENS ||
	    !text_number(words[INODE], UINT64_MAX, &inode))
		return;
	*port++ = '\0';
	where = address_text(words[LOCAL], (unsigned)strtoul(port, NULL, 16));
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
