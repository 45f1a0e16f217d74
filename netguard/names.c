/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netguard/names.h"

#include "common/log.h"
#include "netguard/lookup.h"

#define EVERY_MS   60000
#define MISSING_MS 1000
/* a name service that answers at all does within this: a change is one change then */
#define MOMENT_MS  100
/* one that has not answered for so long is said to hang */
#define SILENT_MS  3000

struct names {
	const struct settings *settings; /* the configuration's */
	struct account_answers answers;	 /* about entries of settings only */
	struct people people;		 /* settings' by answers */
	struct strv told;		 /* of those not known yet, by the log */
	char *problem;
	struct lookup *lookup; /* NULL until names_watch */
	bool again;	       /* settings are others than those that are asked for */
	bool waited;	       /* for the question that is under way */
	bool following;	       /* within names_follow, which tells of changes itself */
	unsigned missing_ms;   /* until who was not found is looked up again; 0: all were */
	/* while a question is under way: until that is told; otherwise: until the next one */
	struct source timer;
	names_fn *changed;
	void *userdata;
};

static void log_left_out(struct names *n)
{
	const struct people *p = &n->people;
	struct strv told = {0};

	for (size_t i = 0; i < p->missing.n; i++)
		log_warning("%s does not exist; the rest of the configuration holds",
			    p->missing.items[i]);
	for (size_t i = 0; i < p->unknown.n; i++) {
		if (!strv_has(&n->told, p->unknown.items[i]))
			log_warning("%s is not known yet, and denied until the name service "
				    "answers; the rest of the configuration holds",
				    p->unknown.items[i]);
		strv_add(&told, p->unknown.items[i]);
	}
	strv_done(&n->told);
	n->told = told;
}

/* Who the people are by what is known now. Whether they are others. */
static bool people_again(struct names *n)
{
	struct people fresh;

	people_from(n->settings, &n->answers, &fresh);
	if (people_equal(&fresh, &n->people)) {
		people_done(&fresh);
		return false;
	}
	people_done(&n->people);
	n->people = fresh;
	return true;
}

/*
 * Who is missing may only not have been found for want of something: looked up again soon, later
 * and later. Until then who is not known may nothing.
 */
static void ask_later(struct names *n)
{
	bool all = n->people.missing.n == 0 && n->people.unknown.n == 0;

	n->missing_ms = all ? 0 : timer_longer(n->missing_ms, MISSING_MS, EVERY_MS);
	timer_set(&n->timer, n->missing_ms ? n->missing_ms : EVERY_MS, 0);
}

static void set_problem(struct names *n, const char *text)
{
	if (!n->problem)
		log_warning("%s", text);
	free(n->problem);
	n->problem = xstrdup(text);
}

static void ask(struct names *n)
{
	_cleanup_(strv_done)
	struct strv entries = {0};
	struct err err;

	if (lookup_under_way(n->lookup)) {
		n->again = true;
		return;
	}
	people_entries(n->settings, &entries);
	if (lookup_start(n->lookup, &entries, &err) < 0) {
		set_problem(n, err.text);
		ask_later(n);
		return;
	}
	n->waited = false;
	timer_set(&n->timer, SILENT_MS, 0);
}

static void on_answers(void *userdata, struct account_answers *answers)
{
	struct names *n = userdata;
	_cleanup_(strv_done)
	struct strv wanted = {0};
	bool changed;

	if (n->problem)
		log_notice("the name service answers again");
	free(take_ptr(n->problem));
	people_entries(n->settings, &wanted);
	account_answers_take(&n->answers, answers, &wanted);
	changed = people_again(n);
	if (changed)
		n->missing_ms = 0;
	if (n->again) {
		n->again = false;
		ask(n);
	} else {
		ask_later(n);
	}
	if (!changed || n->following)
		return;
	log_notice("users or groups changed");
	log_left_out(n);
	n->changed(n->userdata);
}

static void on_timer(struct source *s, uint32_t events _unused_)
{
	struct names *n = s->userdata;

	if (!timer_read(s))
		return;
	if (lookup_under_way(n->lookup))
		set_problem(n, "the name service does not answer: users and groups stay as they "
			       "were known, and who is not known yet is denied");
	else
		ask(n);
}

struct names *names_ask_now(const struct settings *settings)
{
	struct names *n = xcalloc(1, sizeof(*n));
	_cleanup_(strv_done)
	struct strv entries = {0};

	n->timer = SOURCE_NONE;
	n->settings = settings;
	people_entries(settings, &entries);
	accounts_ask(&entries, &n->answers);
	people_again(n);
	log_left_out(n);
	return n;
}

void names_free(struct names *n)
{
	if (!n)
		return;
	lookup_free(n->lookup);
	source_remove(&n->timer);
	account_answers_done(&n->answers);
	people_done(&n->people);
	strv_done(&n->told);
	free(n->problem);
	free(n);
}

int names_watch(struct names *n, struct loop *l, names_fn *changed, void *userdata, struct err *err)
{
	int r;

	n->changed = changed;
	n->userdata = userdata;
	if ((r = lookup_new(l, on_answers, n, &n->lookup, err)) < 0 ||
	    (r = timer_add(l, &n->timer, on_timer, n, err)) < 0)
		return r;
	ask_later(n);
	return 0;
}

void names_follow(struct names *n, const struct settings *settings)
{
	n->settings = settings;
	n->missing_ms = 0;
	people_again(n);
	n->following = true;
	if (n->lookup) {
		lookup_wait(n->lookup, 0); /* an answer that the loop has not come to yet */
		ask(n);
	}
	/* one that hangs is waited for once, whatever changes meanwhile; where an older one was
	 * under way there are two */
	while (names_asking(n) && !n->waited) {
		n->waited = true;
		lookup_wait(n->lookup, MOMENT_MS);
	}
	n->following = false;
	log_left_out(n);
}

const struct people *names_people(const struct names *n)
{
	return &n->people;
}

bool names_asking(const struct names *n)
{
	return n->lookup && lookup_under_way(n->lookup);
}

const char *names_problem(const struct names *n)
{
	return n->problem;
}
