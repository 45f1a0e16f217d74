/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What cppcheck has to know of headers that it does not read. */
#define json_array_foreach(array, index, value)                                                    \
	for (index = 0; (value = json_array_get(array, index)); index++)
#define json_object_foreach(object, key, value)                                                    \
	for (key = NULL; (value = json_object_get(object, key));)
#define mnl_attr_for_each(attr, nlh, offset)	   for (attr = nlh; attr; attr = NULL)
#define mnl_attr_for_each_nested(attr, nest)	   for (attr = nest; attr; attr = NULL)
#define json_object_foreach_safe(o, n, key, value) json_object_foreach (o, key, value)
