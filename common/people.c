/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From what the name service said to the people of a configuration. No I/O: who asks, and when,
 * is not known here, and what was not answered stands for nobody.
 */
#include "common/accounts.h"

/* ---- accounts ---- */

static int compare_accounts(const void *a, const void *b)
{
	const struct account *x = a, *y = b;

	if (x->uid != y->uid)
		return x->uid < y->uid ? -1 : 1;
	return strcmp(x->name, y->name);
}

void accounts_sort(struct accounts *a)
{
	size_t kept = 0;

	if (a->n == 0)
		return;
	qsort(a->items, a->n, sizeof(*a->items), compare_accounts);
	for (size_t i = 1; i < a->n; i++) {
		if (a->items[i].uid == a->items[kept].uid)
			free(a->items[i].name);
		else
			a->items[++kept] = a->items[i];
	}
	a->n = kept + 1;
}

void accounts_done(struct accounts *a)
{
	for (size_t i = 0; i < a->n; i++)
		free(a->items[i].name);
	free(a->items);
	*a = (struct accounts){0};
}

bool accounts_has(const struct accounts *a, uid_t uid)
{
	for (size_t i = 0; i < a->n; i++) {
		if (a->items[i].uid == uid)
			return true;
	}
	return false;
}

static bool accounts_equal(const struct accounts *a, const struct accounts *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		if (a->items[i].uid != b->items[i].uid ||
		    !streq(a->items[i].name, b->items[i].name))
			return false;
	}
	return true;
}

/* ---- answers ---- */

static void answer_done(struct account_answer *a)
{
	free(a->entry);
	accounts_done(&a->accounts);
	strv_done(&a->missing);
}

void account_answers_done(struct account_answers *a)
{
	for (size_t i = 0; i < a->n; i++)
		answer_done(&a->items[i]);
	free(a->items);
	*a = (struct account_answers){0};
}

static int compare_entry(const void *entry, const void *answer)
{
	return strcmp(entry, ((const struct account_answer *)answer)->entry);
}

static struct account_answer *find_answer(const struct account_answers *a, const char *entry)
{
	if (a->n == 0)
		return NULL;
	return bsearch(entry, a->items, a->n, sizeof(*a->items), compare_entry);
}

void account_answers_take(struct account_answers *a, struct account_answers *newer,
			  const struct strv *wanted)
{
	struct account_answers all = {0};

	for (size_t i = 0; i < wanted->n; i++) {
		struct account_answer *from = find_answer(newer, wanted->items[i]);

		if (!from)
			from = find_answer(a, wanted->items[i]);
		if (!from)
			continue;
		ARRAY_PUSH(all.items, all.n) = (struct account_answer){
			.entry = xstrdup(from->entry),
			.accounts = from->accounts,
			.missing = from->missing,
		};
		from->accounts = (struct accounts){0};
		from->missing = (struct strv){0};
	}
	account_answers_done(a);
	account_answers_done(newer);
	*a = all;
}

/* ---- people ---- */

static void add_all(struct strv *to, const struct strv *from)
{
	for (size_t i = 0; i < from->n; i++)
		strv_add(to, from->items[i]);
}

/* Who may reach every container. */
static void allowed_entries(const struct settings *settings, struct strv *ret)
{
	const struct settings_guard *guard = &settings->guard;

	add_all(ret, &guard->allowed_users);
	for (size_t i = 0; i < guard->allowed_groups.n; i++)
		strv_take(ret, xasprintf("@%s", guard->allowed_groups.items[i]));
}

void people_entries(const struct settings *settings, struct strv *ret)
{
	_cleanup_(strv_done)
	struct strv all = {0};
	struct strv once = {0};

	allowed_entries(settings, &all);
	for (size_t i = 0; i < settings_n_pods(settings); i++) {
		add_all(&all, &settings_pod_at(settings, i)->users);
		add_all(&all, &settings_pod_at(settings, i)->owners);
	}
	strv_sort(&all);
	for (size_t i = 0; i < all.n; i++) {
		if (i == 0 || !streq(all.items[i], all.items[i - 1]))
			strv_add(&once, all.items[i]);
	}
	*ret = once;
}

static void add_unanswered(struct accounts *a, const char *entry, struct strv *unknown)
{
	const char *group = startswith(entry, "@");
	_cleanup_free_ char *text = NULL;
	uint32_t id;

	if (!group && text_id(entry, &id)) {
		ARRAY_PUSH(a->items, a->n) = (struct account){.uid = id, .name = xstrdup(entry)};
		return;
	}
	text = group ? xasprintf("group %s", group) : xasprintf("user %s", entry);
	strv_add_once(unknown, text);
}

/* Adds those that p leaves out to p's own lists. */
static void collect(const struct strv *entries, const struct account_answers *answers,
		    struct people *p, struct accounts *ret)
{
	struct accounts a = {0};

	for (size_t i = 0; i < entries->n; i++) {
		const struct account_answer *from = find_answer(answers, entries->items[i]);

		if (!from) {
			add_unanswered(&a, entries->items[i], &p->unknown);
			continue;
		}
		for (size_t j = 0; j < from->accounts.n; j++)
			ARRAY_PUSH(a.items, a.n) = (struct account){
				.uid = from->accounts.items[j].uid,
				.name = xstrdup(from->accounts.items[j].name),
			};
		for (size_t j = 0; j < from->missing.n; j++)
			strv_add_once(&p->missing, from->missing.items[j]);
	}
	accounts_sort(&a);
	*ret = a;
}

void people_from(const struct settings *settings, const struct account_answers *answers,
		 struct people *ret)
{
	_cleanup_(strv_done)
	struct strv allowed = {0};
	struct people p = {.n_pods = settings_n_pods(settings)};

	allowed_entries(settings, &allowed);
	collect(&allowed, answers, &p, &p.allowed);
	p.pod_users = xcalloc(p.n_pods, sizeof(*p.pod_users));
	p.pod_owners = xcalloc(p.n_pods, sizeof(*p.pod_owners));
	for (size_t i = 0; i < p.n_pods; i++) {
		const struct settings_pod *pod = settings_pod_at(settings, i);

		collect(&pod->users, answers, &p, &p.pod_users[i]);
		collect(&pod->owners, answers, &p, &p.pod_owners[i]);
	}
	*ret = p;
}

void people_resolve(const struct settings *settings, struct people *ret)
{
	_cleanup_(account_answers_done)
	struct account_answers answers = {0};
	_cleanup_(strv_done)
	struct strv entries = {0};

	people_entries(settings, &entries);
	accounts_ask(&entries, &answers);
	people_from(settings, &answers, ret);
}

void people_done(struct people *p)
{
	accounts_done(&p->allowed);
	for (size_t i = 0; i < p->n_pods; i++) {
		accounts_done(&p->pod_users[i]);
		accounts_done(&p->pod_owners[i]);
	}
	free(p->pod_users);
	free(p->pod_owners);
	strv_done(&p->missing);
	strv_done(&p->unknown);
	*p = (struct people){0};
}

static bool strv_equal(const struct strv *a, const struct strv *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		if (!streq(a->items[i], b->items[i]))
			return false;
	}
	return true;
}

bool people_equal(const struct people *a, const struct people *b)
{
	if (a->n_pods != b->n_pods || !strv_equal(&a->missing, &b->missing) ||
	    !strv_equal(&a->unknown, &b->unknown) || !accounts_equal(&a->allowed, &b->allowed))
		return false;
	for (size_t i = 0; i < a->n_pods; i++) {
		if (!accounts_equal(&a->pod_users[i], &b->pod_users[i]) ||
		    !accounts_equal(&a->pod_owners[i], &b->pod_owners[i]))
			return false;
	}
	return true;
}
