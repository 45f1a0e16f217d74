/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Lists of elements: collected, put in order, compared. Pure.
 *
 * Behind elements_normalize each set is sorted by nft_element_compare without doubles, and the
 * limits by name; so a difference is one walk over both lists.
 */
#include "netguard/elements.h"

#include <assert.h>

struct elements *elements_new(void)
{
	return xcalloc(1, sizeof(struct elements));
}

void elements_free(struct elements *e)
{
	if (!e || e->holders-- > 0)
		return;
	nft_unshare(e->comment);
	for (size_t set = 0; set < SET_COUNT_; set++) {
		for (size_t i = 0; i < e->n[set]; i++)
			nft_element_done(&e->sets[set][i]);
		free(e->sets[set]);
	}
	for (size_t i = 0; i < e->n_limits; i++)
		free(e->limits[i].name);
	free(e->limits);
	free(e);
}

struct elements *elements_hold(const struct elements *e)
{
	/* it is the count that changes, which no reader looks at */
	struct elements *held = (struct elements *)(uintptr_t)e;

	held->holders++;
	return held;
}

size_t elements_count(const struct elements *e)
{
	size_t n = 0;

	for (size_t set = 0; set < SET_COUNT_; set++)
		n += e->n[set];
	return n;
}

/* Texts of this kind are the same when made fit again, so the last is compared as it is. */
static const char *share_comment(struct elements *e, const char *comment)
{
	_cleanup_free_ char *fit = NULL;

	if (!comment || !*comment)
		return NULL;
	if (e->comment && streq(e->comment, comment))
		return nft_share_again(e->comment);
	fit = nft_comment(comment);
	nft_unshare(e->comment);
	e->comment = nft_share(fit, strlen(fit));
	return nft_share_again(e->comment);
}

void elements_add(struct elements *e, enum set_id set, const struct nft_key *key,
		  const struct nft_key *end, const char *comment, const char *object)
{
	struct nft_element new = {
		.key = *key,
		.comment = share_comment(e, comment),
		.object = nft_share(object, object ? strlen(object) : 0),
	};

	assert(set < SET_COUNT_ && e->holders == 0);
	/* a range of one value is that value: written in one way only */
	if (end && nft_key_compare(key, end) != 0)
		new.end = *end;
	ARRAY_PUSH(e->sets[set], e->n[set]) = new;
}

void elements_add_limit(struct elements *e, const char *name, uint64_t rate, uint64_t unit,
			uint32_t burst)
{
	ARRAY_PUSH(e->limits, e->n_limits) = (struct element_limit){
		.name = xstrdup(name), .rate = rate, .unit = unit, .burst = burst};
}

/* ---- order ---- */

/* A list for n elements, which ARRAY_PUSH can go on with. */
static struct nft_element *make_room(size_t n)
{
	size_t room = 1;

	if (n == 0)
		return NULL;
	while (room < n)
		room *= 2;
	return xreallocarray(NULL, room, sizeof(struct nft_element));
}

/* By key, and of equals the one that was added first: it lies before. */
static int compare_places(const void *a, const void *b)
{
	const struct nft_element *const *x = a, *const *y = b;
	int r = nft_element_compare(*x, *y);

	return r != 0 ? r : (*x > *y) - (*x < *y);
}

static bool is_sorted(const struct nft_element *list, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (nft_element_compare(&list[i - 1], &list[i]) >= 0)
			return false;
	return true;
}

/* Whether comment is one of the parts of list, which are joined by ", ". */
static bool has_comment(const char *list, const char *comment)
{
	size_t n = strlen(comment);

	for (const char *p = list; p; p = strstr(p, ", ")) {
		p += p != list ? 2 : 0;
		if (strncmp(p, comment, n) == 0 && (p[n] == '\0' || startswith(p + n, ", ")))
			return true;
	}
	return false;
}

static void join_comments(struct nft_element *to, const struct nft_element *from)
{
	_cleanup_free_ char *both = NULL, *fit = NULL;

	if (!from->comment || (to->comment && has_comment(to->comment, from->comment)))
		return;
	both = xasprintf("%s%s%s", to->comment ? to->comment : "", to->comment ? ", " : "",
			 from->comment);
	fit = nft_comment(both);
	nft_unshare(to->comment);
	to->comment = nft_share(fit, strlen(fit));
}

static void normalize_set(struct nft_element **list, size_t *n)
{
	_cleanup_free_ struct nft_element **sorted = NULL;
	struct nft_element *to;
	size_t kept = 0;

	if (is_sorted(*list, *n))
		return;
	/* they are big: what is sorted are their places */
	sorted = xreallocarray(NULL, *n, sizeof(struct nft_element *));
	for (size_t i = 0; i < *n; i++)
		sorted[i] = &(*list)[i];
	qsort(sorted, *n, sizeof(struct nft_element *), compare_places);
	to = make_room(*n);
	for (size_t i = 0; i < *n; i++) {
		if (kept > 0 && nft_element_compare(&to[kept - 1], sorted[i]) == 0) {
			join_comments(&to[kept - 1], sorted[i]);
			nft_element_done(sorted[i]);
		} else {
			to[kept++] = *sorted[i];
		}
	}
	free(*list);
	*list = to;
	*n = kept;
}

static int compare_limits(const void *a, const void *b)
{
	const struct element_limit *x = a, *y = b;
	int r = strcmp(x->name, y->name);

	if (r == 0)
		r = (x->rate > y->rate) - (x->rate < y->rate);
	if (r == 0)
		r = (x->unit > y->unit) - (x->unit < y->unit);
	return r != 0 ? r : (x->burst > y->burst) - (x->burst < y->burst);
}

static void normalize_limits(struct elements *e)
{
	size_t kept = 0;

	if (e->n_limits > 0)
		qsort(e->limits, e->n_limits, sizeof(*e->limits), compare_limits);
	for (size_t i = 0; i < e->n_limits; i++) {
		if (kept > 0 && streq(e->limits[kept - 1].name, e->limits[i].name))
			free(e->limits[i].name);
		else
			e->limits[kept++] = e->limits[i];
	}
	e->n_limits = kept;
}

void elements_normalize(struct elements *e)
{
	assert(e->holders == 0);
	for (size_t set = 0; set < SET_COUNT_; set++)
		normalize_set(&e->sets[set], &e->n[set]);
	normalize_limits(e);
}

/* ---- difference ---- */

void elements_add_copy(struct elements *e, enum set_id set, const struct nft_element *element)
{
	nft_share_again(element->comment);
	nft_share_again(element->object);
	ARRAY_PUSH(e->sets[set], e->n[set]) = *element;
}

static void copy_limit(struct elements *to, const struct element_limit *l)
{
	elements_add_limit(to, l->name, l->rate, l->unit, l->burst);
}

struct elements *elements_copy(const struct elements *e)
{
	struct elements *ret = elements_new();

	for (unsigned set = 0; set < SET_COUNT_; set++) {
		size_t n = e->n[set];

		ret->sets[set] = make_room(n);
		for (size_t i = 0; i < n; i++) {
			ret->sets[set][i] = e->sets[set][i];
			nft_share_again(ret->sets[set][i].comment);
			nft_share_again(ret->sets[set][i].object);
		}
		ret->n[set] = n;
	}
	for (size_t i = 0; i < e->n_limits; i++)
		copy_limit(ret, &e->limits[i]);
	return ret;
}

bool elements_same(const struct elements *a, const struct elements *b, enum set_id set)
{
	if (a->n[set] != b->n[set])
		return false;
	for (size_t i = 0; i < a->n[set]; i++)
		if (!elements_find(b, set, &a->sets[set][i]))
			return false;
	return true;
}

static int compare_name(const void *name, const void *limit)
{
	return strcmp(name, ((const struct element_limit *)limit)->name);
}

const struct element_limit *elements_find_limit(const struct elements *e, const char *name)
{
	size_t i = array_place(name, e->limits, e->n_limits, sizeof(*e->limits), compare_name);

	return i < e->n_limits && streq(e->limits[i].name, name) ? &e->limits[i] : NULL;
}

static int compare_element(const void *a, const void *b)
{
	return nft_element_compare(a, b);
}

const struct nft_element *elements_find(const struct elements *e, enum set_id set,
					const struct nft_element *element)
{
	const struct nft_element *list = e->sets[set];
	size_t i = array_place(element, list, e->n[set], sizeof(*list), compare_element);

	return i < e->n[set] && compare_element(element, &list[i]) == 0 ? &list[i] : NULL;
}

static void limits_difference(const struct elements *want, const struct elements *have,
			      struct elements_change *ret)
{
	size_t i = 0, j = 0;

	while (i < want->n_limits || j < have->n_limits) {
		const struct element_limit *w = i < want->n_limits ? &want->limits[i] : NULL;
		const struct element_limit *h = j < have->n_limits ? &have->limits[j] : NULL;
		int r = !w ? 1 : !h ? -1 : strcmp(w->name, h->name);
		bool same = r == 0 && compare_limits(w, h) == 0;

		if (w && r <= 0 && !same)
			copy_limit(ret->add, w);
		if (h && r >= 0 && !same)
			copy_limit(ret->del, h);
		i += r <= 0;
		j += r >= 0;
	}
}

/* An element of a limit that is made anew must be made anew too: it refers to the old one. */
static bool limit_changes(const struct elements_change *c, const struct nft_element *e)
{
	return e->object && elements_find_limit(c->del, e->object);
}

static void set_difference(const struct elements *want, const struct elements *have,
			   enum set_id set, struct elements_change *ret)
{
	size_t i = 0, j = 0;

	while (i < want->n[set] || j < have->n[set]) {
		const struct nft_element *w = i < want->n[set] ? &want->sets[set][i] : NULL;
		const struct nft_element *h = j < have->n[set] ? &have->sets[set][j] : NULL;
		int r = !w ? 1 : !h ? -1 : nft_element_compare(w, h);
		bool same = r == 0 && nft_element_equal(w, h) && !limit_changes(ret, h);

		if (w && r <= 0 && !same)
			elements_add_copy(ret->add, set, w);
		if (h && r >= 0 && !same)
			elements_add_copy(ret->del, set, h);
		i += r <= 0;
		j += r >= 0;
	}
}

void elements_difference(const struct elements *want, const struct elements *have,
			 struct elements_change *ret)
{
	*ret = (struct elements_change){.add = elements_new(), .del = elements_new()};
	limits_difference(want, have, ret);
	for (unsigned set = 0; set < SET_COUNT_; set++)
		set_difference(want, have, set, ret);
}

static void patch_set(struct elements *e, enum set_id set, const struct elements *del)
{
	size_t kept = 0;

	for (size_t i = 0; i < e->n[set]; i++) {
		if (elements_find(del, set, &e->sets[set][i]))
			nft_element_done(&e->sets[set][i]);
		else
			e->sets[set][kept++] = e->sets[set][i];
	}
	e->n[set] = kept;
}

void elements_patch(struct elements *e, const struct elements *del, const struct elements *add)
{
	size_t kept = 0;

	for (unsigned set = 0; set < SET_COUNT_; set++) {
		if (del->n[set] > 0)
			patch_set(e, set, del);
		for (size_t i = 0; i < add->n[set]; i++)
			elements_add_copy(e, set, &add->sets[set][i]);
	}
	for (size_t i = 0; del->n_limits > 0 && i < e->n_limits; i++) {
		if (elements_find_limit(del, e->limits[i].name))
			free(e->limits[i].name);
		else
			e->limits[kept++] = e->limits[i];
	}
	if (del->n_limits > 0)
		e->n_limits = kept;
	for (size_t i = 0; i < add->n_limits; i++)
		copy_limit(e, &add->limits[i]);
	elements_normalize(e);
}

bool elements_change_empty(const struct elements_change *c)
{
	return elements_count(c->add) + elements_count(c->del) + c->add->n_limits +
		       c->del->n_limits ==
	       0;
}

void elements_change_done(struct elements_change *c)
{
	elements_free(take_ptr(c->add));
	elements_free(take_ptr(c->del));
}
