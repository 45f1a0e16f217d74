/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An explanation as JSON. Names of containers come from outside: made printable. */
#include "netguard/explain.h"

static json_t *text_or_null(const char *text)
{
	char printable[1024];

	return text ? json_string(text_printable(printable, sizeof(printable), text)) : json_null();
}

static json_t *config_of(const struct explain_case *c, const char *file)
{
	if (!c->key)
		return json_null();
	return json_pack("{s:o, s:I, s:I, s:o, s:o}", "file", text_or_null(file), "line",
			 (json_int_t)c->mark.line, "column", (json_int_t)c->mark.column, "key",
			 text_or_null(c->key), "change", text_or_null(c->change));
}

static json_t *case_of(const struct explain_case *c, const char *file)
{
	return json_pack("{s:o, s:o, s:o, s:b, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "from",
			 text_or_null(c->from), "to", text_or_null(c->to), "condition",
			 text_or_null(c->condition), "counts", (int)!c->conditional, "verdict",
			 c->accept ? "accept" : "deny", "how", c->how, "counter",
			 text_or_null(c->counter), "chain", text_or_null(c->chain), "rule",
			 text_or_null(c->rule), "element", text_or_null(c->element), "config",
			 config_of(c, file), "reason", text_or_null(c->reason));
}

json_t *explain_json(const struct explanation *e, const char *file)
{
	json_t *whole = case_of(&e->cases[e->decisive], file), *cases = json_array();

	/* the whole is its decisive case, without what is that case's own */
	json_object_del(whole, "condition");
	json_object_del(whole, "counts");
	for (size_t i = 0; i < e->n; i++)
		json_array_append_new(cases, case_of(&e->cases[i], file));
	json_object_set_new(whole, "cut", json_boolean(e->cut));
	json_object_set_new(whole, "cases", cases);
	return whole;
}
