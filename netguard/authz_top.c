/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * GET /containers/ID/top: what ps may be asked for. Pure.
 *
 * The engine runs ps on the host, as root, and takes its lines apart at blanks: those whose field
 * below the title PID is the number of one of the container's processes are the container's. Where
 * another column has that title (uid=PID), or words in one before it move the fields (lstart,pid),
 * processes of the host pass for the container's by their size or age, with all of their arguments
 * and variables. The engine's own look for the first of the two can be got round.
 *
 * So there are options whose columns before the number are of one word each, and one list of
 * columns, that begins with it: those of a second one would stand behind, with a title of their
 * own. Source: moby, daemon/top_unix.go; procps, ps(1).
 */
#include "netguard/authz_container.h"

/*
 * "-ef", "aux"; with o at its end where a list follows. Of these only -u has a value, a user, whose
 * processes it selects: no column moves by it.
 */
static bool are_options(const char *word, bool *ret_list)
{
	const char *letters = word + (*word == '-');
	size_t n = strspn(letters, "aAdefFjluwx");

	*ret_list = streq(letters + n, "o");
	return *ret_list || (n > 0 && !letters[n]);
}

/* "pid,comm,args", with no second pid: which one counts would be the engine's choice. */
static bool is_list(char *word)
{
	const char *column = strsep(&word, ",");

	if (!streq(column, "pid"))
		return false;
	while ((column = strsep(&word, ","))) {
		if (!*column || streq(column, "pid") ||
		    column[strspn(column, "abcdefghijklmnopqrstuvwxyz_")])
			return false;
	}
	return true;
}

int authz_check_top(const struct authz_context *ctx)
{
	const char *args = authz_request_query(ctx->request, "ps_args") ?: "";
	_cleanup_free_ char *text = xstrdup(args);
	char *rest = *text ? text : NULL, *word;
	bool list = false, harmless = true;
	unsigned n_lists = 0;

	while (harmless && (word = strsep(&rest, " "))) {
		bool was = list;

		list = false;
		harmless = was ? ++n_lists == 1 && is_list(word) : are_options(word, &list);
	}
	if (!harmless || list)
		return authz_deny(ctx,
				  "ps %s: must be options of aAdefFjluwx, or -o once, with columns "
				  "of which pid is the first: the engine would take others' "
				  "processes for the container's",
				  args);
	return 0;
}
