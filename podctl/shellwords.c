/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One pass over the text, one buffer as long as the text for the word at hand. A word exists once
 * a quote or a byte of it was seen, so "" is an empty word and blanks are none.
 */
#include "podctl/shellwords.h"

struct splitter {
	const char *at;
	char *word; /* room for the whole text */
	size_t n;
	bool in_word;
	struct strv words;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

static void put(struct splitter *s, char c)
{
	s->word[s->n++] = c;
	s->in_word = true;
}

static bool end_word(struct splitter *s)
{
	if (!s->in_word)
		return true;
	if (s->words.n >= SHELLWORDS_MAX)
		return false;
	strv_take(&s->words, xstrndup(s->word, s->n));
	s->n = 0;
	s->in_word = false;
	return true;
}

/* Behind the opening quote. Returns false where the closing one is missing. */
static bool single_quoted(struct splitter *s)
{
	s->in_word = true;
	for (; *s->at != '\''; s->at++) {
		if (!*s->at)
			return false;
		put(s, *s->at);
	}
	s->at++;
	return true;
}

static bool double_quoted(struct splitter *s)
{
	s->in_word = true;
	for (; *s->at != '"'; s->at++) {
		if (!*s->at)
			return false;
		if (*s->at == '\\' && s->at[1] && strchr("\"\\$`\n", s->at[1])) {
			s->at++;
			if (*s->at == '\n')
				continue;
		}
		put(s, *s->at);
	}
	s->at++;
	return true;
}

static const char *split(struct splitter *s)
{
	while (*s->at) {
		char c = *s->at++;

		if (is_blank(c)) {
			if (!end_word(s))
				return "has too many words";
		} else if (c == '\'') {
			if (!single_quoted(s))
				return "has a ' without its end";
		} else if (c == '"') {
			if (!double_quoted(s))
				return "has a \" without its end";
		} else if (c == '\\') {
			if (!*s->at)
				return "ends in a backslash";
			if (*s->at != '\n')
				put(s, *s->at);
			s->at++;
		} else {
			put(s, c);
		}
	}
	return end_word(s) ? NULL : "has too many words";
}

const char *shellwords_split(const char *text, struct strv *ret)
{
	_cleanup_free_ char *word = xmalloc(strlen(text) + 1);
	struct splitter s = {.at = text, .word = word};
	const char *wrong = split(&s);

	if (wrong) {
		strv_done(&s.words);
		return wrong;
	}
	for (size_t i = 0; i < s.words.n; i++)
		strv_take(ret, s.words.items[i]);
	free(s.words.items);
	return NULL;
}
