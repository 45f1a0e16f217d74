/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Table-driven decoding of a YAML tree into a C struct: every key stands in a table with its type,
 * its place in the struct and its documentation. All errors are reported, not only the first.
 * The same tables say what keys exist (nearest-key hints, refused keys, JSON Schema later).
 *
 * Data kept in a struct is owned by it; outputs are zeroed structs that the caller made, and a
 * struct is to be freed by its own destructor also after a failed decoding.
 */
#pragma once

#include "common/base.h"
#include "common/problems.h"
#include "common/yaml.h"

struct schema_field;

/* A YAML map with known keys. fields: ended by a zeroed entry. */
struct schema {
	const char *name; /* for messages: "pod", "container" */
	const struct schema_field *fields;
	size_t size; /* of the C struct: for lists and maps of it */
};

enum schema_type {
	SCHEMA_STRING,	 /* char *; plain scalars that YAML types keep their text; null is none */
	SCHEMA_TEXT,	 /* char *; a number, boolean or null must be quoted: error says how */
	SCHEMA_BOOL,	 /* bool */
	SCHEMA_INT,	 /* int64_t, min..max of the field */
	SCHEMA_STRINGS,	 /* struct strv, from a list of strings */
	SCHEMA_TEXT_MAP, /* struct schema_pairs, from a map of SCHEMA_TEXT, order kept */
	SCHEMA_OBJECT,	 /* a nested struct in place, decoded by .object */
	SCHEMA_LIST,	 /* struct schema_array of .object's structs, from a list of maps */
	SCHEMA_MAP,	 /* the same from a map: each element begins with struct schema_entry */
	SCHEMA_CUSTOM,	 /* decoded by .decode */
	SCHEMA_REFUSED,	 /* never accepted: .doc is the reason ("policy forbids it: ...") */
};

struct schema_pairs {
	struct schema_pair {
		char *key, *value;
		struct mark mark; /* of the key */
	} * items;
	size_t n;
};
void schema_pairs_done(struct schema_pairs *p);

/* Elements lie in one block: ((struct foo *)a.items)[i]. */
struct schema_array {
	void *items;
	size_t n;
};

/* First member of every struct in a SCHEMA_MAP. */
struct schema_entry {
	char *key;
	struct mark mark;
};

struct schema_context {
	struct problems *problems;
	char path[256]; /* dotted path of the node that is being decoded */
};

struct schema_field {
	const char *key;
	enum schema_type type;
	size_t offset;
	bool required;
	/* offset of a struct mark to fill in with the value's place; 0: none */
	size_t mark_offset;
	/* offset of a bool that says the key was given; 0: none */
	size_t given_offset;
	int64_t min, max; /* SCHEMA_INT; both 0: any */
	const struct schema *object;
	/*
	 * SCHEMA_CUSTOM: decodes node into target (the address of the member). Reports to ctx by
	 * schema_error. Returns 0 or -EINVAL after at least one report.
	 */
	int (*decode)(struct schema_context *ctx, const struct yaml_node *node, void *target,
		      const struct schema_field *field);
	/*
	 * A check after decoding: returns NULL or what is wrong ("must be ..."; static text).
	 * value: const char * (STRING, TEXT, each of STRINGS, each value of a TEXT_MAP), const
	 * int64_t * (INT).
	 */
	const char *(*check)(const void *value);
	/* the same for each key of a MAP or TEXT_MAP */
	const char *(*check_key)(const char *key);
	const char *doc; /* one sentence for people; SCHEMA_REFUSED: the reason */
	/* SCHEMA_CUSTOM: what is taken, as JSON Schema without its description */
	const char *json;
};

/* For .json. */
#define SCHEMA_JSON_TEXT  "{\"type\":[\"string\",\"number\"]}"
#define SCHEMA_JSON_TEXTS "{\"type\":\"array\",\"items\":" SCHEMA_JSON_TEXT "}"
#define SCHEMA_JSON_WORDS                                                                          \
	"{\"type\":[\"string\",\"array\"],\"items\":" SCHEMA_JSON_TEXT                             \
	",\"minItems\":1,\"minLength\":1}"
#define SCHEMA_JSON_PORTS                                                                          \
	"{\"type\":\"array\",\"items\":{\"type\":[\"integer\",\"string\"],\"minimum\":1,"          \
	"\"maximum\":65535,"                                                                       \
	"\"pattern\":\"^[0-9]+(-[0-9]+)?(/(tcp|udp))?$\"}}"
#define SCHEMA_JSON_RATE                                                                           \
	"{\"type\":\"string\",\"pattern\":\"^[0-9]+/(second|minute|hour|day)( burst [0-9]+)?$\"}"
#define SCHEMA_JSON_SIZE                                                                           \
	"{\"type\":[\"string\",\"number\"],\"pattern\":\"^([0-9.]+ "                               \
	"*([kKmMgGtTpP][bB]?)?|unlimited|-1)$\"}"

/*
 * Decodes root (NULL: an empty document, as an empty map). 0, or -EINVAL where problems holds any
 * error, also one from before: a tree that yaml_parse found fault with never passes.
 *
 * A key with an empty value (`pods:`) counts as an empty map where a map is wanted; anywhere else
 * a null is an error. Only what is given is written, so defaults that need no freeing may be set
 * in the struct before.
 */
int schema_decode(const struct schema *schema, const struct yaml_node *root,
		  struct problems *problems, void *ret);

/* For custom decoders. Problems are at the node's place and under ctx's path. */
int schema_error(struct schema_context *ctx, const struct yaml_node *node, const char *fmt, ...)
	_printf_(3, 4); /* returns -EINVAL */
int schema_decode_object(struct schema_context *ctx, const struct schema *schema,
			 const struct yaml_node *node, void *target);
/*
 * One value with a path component appended for the time of the call ("name", "[3]"; one that may
 * not be shown stands as "(key)"). target: the address of the member. Of field: key, offsets and
 * required are not looked at.
 */
int schema_decode_at(struct schema_context *ctx, const char *component,
		     const struct schema_field *field, const struct yaml_node *node, void *target);
/* A scalar's text, or NULL after a report that a string was wanted. */
const char *schema_get_string(struct schema_context *ctx, const struct yaml_node *node);

/* Appends to the path ("": nothing); returns the length to hand to schema_leave. */
size_t schema_enter(struct schema_context *ctx, const char *component);
size_t schema_enter_index(struct schema_context *ctx, size_t i); /* "[i]" */
void schema_leave(struct schema_context *ctx, size_t length);
/* As schema_error, at another place (that of a key). */
int schema_error_at(struct schema_context *ctx, struct mark mark, const char *fmt, ...)
	_printf_(3, 4);
/* "a string", "a list", "a map", "a number", "empty", "null": what stands there, for messages. */
const char *schema_describe(const struct yaml_node *node);

/* The key of the table nearest to key (edit distance at most a third of its length), or NULL. */
const char *schema_nearest(const struct schema *schema, const char *key);
