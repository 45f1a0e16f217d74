/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a change of a few members changes in the table, without computing all of it. Pure.
 *
 * An element follows from a few members only: those of its pod, of pods that the configuration
 * links with it, with the same address, with the same port of the host. So the members that a
 * change can reach are made into two small models, as they were and as they are, and model_elements
 * makes both into elements: what is in only one of these is what changes in the whole. Elements
 * that follow from a part of what decides them only are wrong in both in the same way, so they are
 * no difference.
 */
#pragma once

#include "netguard/model.h"

struct model_index; /* finds members by what they share */
struct model_index *model_index_new(void);
void model_index_free(struct model_index *x);
DEFINE_CLEANUP(struct model_index, model_index_free);

/* Begins anew with all members, and settles the model. Settings may be others from now on. */
void model_index_fill(struct model_index *x, struct model *m);

/*
 * The elements of the members that the changes of m since it was settled reach, as they were and as
 * they are; the model is settled. False where all is to be computed (model_elements, and then
 * model_index_fill): the model says so, the change reaches far, or the settings link everybody.
 * s, people: the same as when the index was filled. Caller frees both.
 */
bool model_delta(struct model_index *x, const struct settings *s, const struct people *people,
		 struct model *m, struct elements **ret_before, struct elements **ret_after);
