/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Lists of elements, and what turns one into another. Pure. All but elements_add and
 * elements_normalize expect normalized lists: sorted by key, no key twice.
 */
#include "netguard/elements.h"

#include "common/err.h"

#define COMMENT_MAX 128 /* bytes; the kernel takes 255 of user data, nft 128 of a comment */

struct elements *elements_new(void)
{
	return xcalloc(1, sizeof(struct elements));
}

static void element_done(struct nft_element *e)
{
	free(e->comment);
	free(e->object);
}

void elements_free(struct elements *e)
{
	if (!e)
		return;
	for (size_t set = 0; set < SET_COUNT_; set++) {
		for (size_t i = 0; i < e->n[set]; i++)
			element_done(&e->sets[set][i]);
		free(e->sets[set]);
	}
	for (size_t i = 0; i < e->n_limits; i++)
		free(e->limits[i].name);
	free(e->limits);
	free(e);
}

/* A comment as nft reads it back: printable, and without the quote that would end it. */
static char *make_comment(const char *comment)
{
	char buf[COMMENT_MAX + 1];

	if (!comment || !*comment)
		return NULL;
	text_printable(buf, sizeof(buf), comment);
	for (char *c = buf; *c; c++) {
		if (*c == '"' || *c == '\\')
			*c = '?';
	}
	return xstrdup(buf);
}

void elements_add(struct elements *e, enum set_id set, const struct nft_key *key,
		  const struct nft_key *end, const char *comment, const char *object)
{
	ARRAY_PUSH(e->sets[set], e->n[set]) = (struct nft_element){
		.key = *key,
		.end = end ? *end : (struct nft_key){.size = 0},
		.comment = make_comment(comment),
		.object = xstrdup(object),
	};
}

void elements_add_limit(struct elements *e, const char *name, uint64_t rate, uint64_t unit,
			uint32_t burst)
{
	ARRAY_PUSH(e->limits, e->n_limits) = (struct element_limit){
		.name = xstrdup(name), .rate = rate, .unit = unit, .burst = burst};
}

static int compare_key(const struct nft_key *a, const struct nft_key *b)
{
	if (a->size != b->size)
		return a->size < b->size ? -1 : 1;
	return memcmp(a->data, b->data, a->size);
}

static int compare_element(const struct nft_element *a, const struct nft_element *b)
{
	int r = compare_key(&a->key, &b->key);

	return r ? r : (int)a->wildcard - (int)b->wildcard;
}

static int compare_limit(const void *a, const void *b)
{
	return strcmp(((const struct element_limit *)a)->name,
		      ((const struct element_limit *)b)->name);
}

/* An element and where it stood, so that the sort is stable. */
struct ranked {
	struct nft_element element;
	size_t rank;
};

static int compare_ranked(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;
	int r = compare_element(&x->element, &y->element);

	if (r)
		return r;
	return x->rank < y->rank ? -1 : x->rank > y->rank;
}

/* Whether the ", "-separated list has this part already. */
static bool comment_has(const char *list, const char *part)
{
	size_t n = strlen(part);

	for (const char *at = list; (at = strstr(at, part)); at += n) {
		bool starts = at == list || (at >= list + 2 && at[-2] == ',' && at[-1] == ' ');

		if (starts && (at[n] == '\0' || at[n] == ','))
			return true;
	}
	return false;
}

static void join_comment(struct nft_element *kept, const struct nft_element *twin)
{
	_cleanup_free_ char *joined = NULL;

	if (!twin->comment || (kept->comment && comment_has(kept->comment, twin->comment)))
		return;
	joined = kept->comment ? xasprintf("%s, %s", kept->comment, twin->comment)
			       : xstrdup(twin->comment);
	free(kept->comment);
	kept->comment = make_comment(joined);
}

static void normalize_set(struct nft_element *items, size_t *n)
{
	_cleanup_free_ struct ranked *ranked = xcalloc(*n, sizeof(*ranked));
	size_t kept = 0;

	for (size_t i = 0; i < *n; i++)
		ranked[i] = (struct ranked){.element = items[i], .rank = i};
	qsort(ranked, *n, sizeof(*ranked), compare_ranked);
	for (size_t i = 0; i < *n; i++) {
		struct nft_element *e = &ranked[i].element;

		if (kept > 0 && compare_element(&items[kept - 1], e) == 0) {
			join_comment(&items[kept - 1], e);
			element_done(e);
		} else {
			items[kept++] = *e;
		}
	}
	*n = kept;
}

void elements_normalize(struct elements *e)
{
	size_t kept = 0;

	for (size_t set = 0; set < SET_COUNT_; set++) {
		if (e->n[set] > 1)
			normalize_set(e->sets[set], &e->n[set]);
	}
	if (e->n_limits > 1)
		qsort(e->limits, e->n_limits, sizeof(*e->limits), compare_limit);
	for (size_t i = 0; i < e->n_limits; i++) {
		if (kept > 0 && streq(e->limits[kept - 1].name, e->limits[i].name))
			free(e->limits[i].name);
		else
			e->limits[kept++] = e->limits[i];
	}
	e->n_limits = kept;
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? streq(a, b) : a == b;
}

/* Same key: whether all the rest is the same too, and the limit it names stays as it is. */
static bool same_element(const struct nft_element *a, const struct nft_element *b,
			 const struct elements *del)
{
	if (compare_key(&a->end, &b->end) != 0 || !same_text(a->comment, b->comment) ||
	    !same_text(a->object, b->object))
		return false;
	/* a limit is replaced only when nothing refers to it any more */
	for (size_t i = 0; a->object && i < del->n_limits; i++) {
		if (streq(del->limits[i].name, a->object))
			return false;
	}
	return true;
}

static void copy_element(struct elements *to, enum set_id set, const struct nft_element *e)
{
	ARRAY_PUSH(to->sets[set], to->n[set]) = (struct nft_element){
		.key = e->key,
		.end = e->end,
		.wildcard = e->wildcard,
		.comment = xstrdup(e->comment),
		.object = xstrdup(e->object),
	};
}

static void difference_of_set(enum set_id set, const struct elements *want,
			      const struct elements *have, struct elements_change *change)
{
	const struct nft_element *w = want->sets[set], *h = have->sets[set];
	size_t i = 0, j = 0;

	while (i < want->n[set] || j < have->n[set]) {
		int r = i == want->n[set]   ? 1
			: j == have->n[set] ? -1
					    : compare_element(&w[i], &h[j]);

		bool differs = r != 0 || !same_element(&w[i], &h[j], change->del);

		if (r <= 0 && differs)
			copy_element(change->add, set, &w[i]);
		if (r >= 0 && differs)
			copy_element(change->del, set, &h[j]);
		i += r <= 0;
		j += r >= 0;
	}
}

static void copy_limit(struct elements *to, const struct element_limit *l)
{
	elements_add_limit(to, l->name, l->rate, l->unit, l->burst);
}

static void difference_of_limits(const struct elements *want, const struct elements *have,
				 struct elements_change *change)
{
	size_t i = 0, j = 0;

	while (i < want->n_limits || j < have->n_limits) {
		const struct element_limit *w = &want->limits[i], *h = &have->limits[j];
		int r = i == want->n_limits   ? 1
			: j == have->n_limits ? -1
					      : strcmp(w->name, h->name);
		bool same =
			r == 0 && w->rate == h->rate && w->unit == h->unit && w->burst == h->burst;

		if (r <= 0 && !same)
			copy_limit(change->add, w);
		if (r >= 0 && !same)
			copy_limit(change->del, h);
		i += r <= 0;
		j += r >= 0;
	}
}

void elements_difference(const struct elements *want, const struct elements *have,
			 struct elements_change *ret)
{
	ret->add = elements_new();
	ret->del = elements_new();
	difference_of_limits(want, have, ret); /* first: the sets look at what it deletes */
	for (size_t set = 0; set < SET_COUNT_; set++)
		difference_of_set((enum set_id)set, want, have, ret);
}

void elements_change_done(struct elements_change *c)
{
	elements_free(c->add);
	elements_free(c->del);
	*c = (struct elements_change){0};
}

size_t elements_count(const struct elements *e)
{
	size_t n = 0;

	for (size_t set = 0; set < SET_COUNT_; set++)
		n += e->n[set];
	return n;
}
