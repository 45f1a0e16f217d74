/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a plain scalar means: the core schema of YAML 1.2.2, chapter 10.3.2, by hand, since
 * strtod and its kin take more than that (hexadecimal fractions, blanks, "infinity") and depend
 * on the locale. Pure.
 */
#include "common/yaml.h"

#include <locale.h>

static bool one_of(const struct yaml_node *node, const char *const *words)
{
	if (!node || node->kind != YAML_NODE_SCALAR || !node->plain)
		return false;
	for (; *words; words++) {
		if (streq(node->text, *words))
			return true;
	}
	return false;
}

bool yaml_is_null(const struct yaml_node *node)
{
	static const char *const words[] = {"", "~", "null", "Null", "NULL", NULL};

	return one_of(node, words);
}

bool yaml_get_bool(const struct yaml_node *node, bool *ret)
{
	static const char *const yes[] = {"true", "True", "TRUE", NULL};
	static const char *const no[] = {"false", "False", "FALSE", NULL};
	bool value = one_of(node, yes);

	if (!value && !one_of(node, no))
		return false;
	*ret = value;
	return true;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The digits of an integer and their base, or NULL. All of them are digits of that base. */
static const char *integer_digits(const char *s, unsigned *ret_base)
{
	static const char digits[] = "0123456789abcdef";
	const char *start;
	unsigned base = 10;

	if (s[0] == '0' && (s[1] == 'o' || s[1] == 'x')) {
		base = s[1] == 'o' ? 8 : 16;
		s += 2;
	} else if (*s == '-' || *s == '+') {
		s++;
	}
	start = s;
	for (; *s; s++) {
		const char *d = strchr(digits, *s >= 'A' && *s <= 'F' ? *s - 'A' + 'a' : *s);

		if (!d || (unsigned)(d - digits) >= base)
			return NULL;
	}
	*ret_base = base;
	return s > start ? start : NULL;
}

bool yaml_get_int(const struct yaml_node *node, int64_t *ret)
{
	unsigned base;
	const char *s;
	bool negative;
	int64_t value = 0;

	if (!node || node->kind != YAML_NODE_SCALAR || !node->plain)
		return false;
	s = integer_digits(node->text, &base);
	if (!s)
		return false;
	negative = node->text[0] == '-';
	for (; *s; s++) {
		int digit = is_digit(*s) ? *s - '0' : (*s | 0x20) - 'a' + 10;

		if (__builtin_mul_overflow(value, (int64_t)base, &value) ||
		    __builtin_add_overflow(value, negative ? -digit : digit, &value))
			return false;
	}
	*ret = value;
	return true;
}

/* [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )? */
static bool is_decimal(const char *s)
{
	size_t before = 0, after = 0;

	if (*s == '-' || *s == '+')
		s++;
	for (; is_digit(*s); s++)
		before++;
	if (*s == '.') {
		for (s++; is_digit(*s); s++)
			after++;
	}
	if (before + after == 0)
		return false;
	if (*s == 'e' || *s == 'E') {
		s++;
		if (*s == '-' || *s == '+')
			s++;
		if (!is_digit(*s))
			return false;
		while (is_digit(*s))
			s++;
	}
	return *s == '\0';
}

bool yaml_get_double(const struct yaml_node *node, double *ret)
{
	int64_t whole;
	locale_t plain, before;
	double value;

	if (yaml_get_int(node, &whole)) {
		*ret = (double)whole;
		return true;
	}
	if (!node || node->kind != YAML_NODE_SCALAR || !node->plain || !is_decimal(node->text))
		return false;
	plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	if (!plain)
		abort(); /* out of memory */
	before = uselocale(plain);
	value = strtod(node->text, NULL);
	uselocale(before);
	freelocale(plain);
	if (!__builtin_isfinite(value))
		return false;
	*ret = value;
	return true;
}

bool yaml_is_typed(const struct yaml_node *node)
{
	static const char *const special[] = {".inf",  ".Inf",	".INF",	 "+.inf", "+.Inf",
					      "+.INF", "-.inf", "-.Inf", "-.INF", ".nan",
					      ".NaN",  ".NAN",	NULL};
	unsigned base;
	bool b;

	if (!node || node->kind != YAML_NODE_SCALAR || !node->plain)
		return false;
	return yaml_is_null(node) || yaml_get_bool(node, &b) || integer_digits(node->text, &base) ||
	       is_decimal(node->text) || one_of(node, special);
}

const struct yaml_node *yaml_map_get(const struct yaml_node *map, const char *key)
{
	if (!map || map->kind != YAML_NODE_MAP)
		return NULL;
	for (size_t i = 0; i < map->n; i++) {
		if (streq(map->keys[i]->text, key))
			return map->values[i];
	}
	return NULL;
}
