/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A pod's name and host name, by which others find it. Pure.
 *
 * Whoever is on the network of pods and asks for one of them gets the pod's address from the
 * engine, before anybody else is asked who has the name, in another pod or in the world: so no pod
 * takes one that could be somebody else's.
 */
#include "podctl/pod_private.h"

#include "common/dns_name.h"

static bool differs_by_case(const char *pod, const void *userdata)
{
	return dns_name_same(pod, userdata) && !streq(pod, userdata);
}

static void check_name(struct checker *ck)
{
	const char *name = ck->pod->name;
	const char *other = settings_find_name(ck->settings, differs_by_case, name);
	const struct settings_pod *named = settings_find_hostname(ck->settings, name);

	if (other)
		PROBLEM(ck, ck->pod->containers_mark, "name",
			"the configuration has a pod %s: names must differ by more than case, "
			"which DNS does not see",
			other);
	else if (named && !streq(named->entry.key, name))
		PROBLEM(ck, ck->pod->containers_mark, "name",
			"the configuration gives the host name %s to the pod %s", name,
			named->entry.key);
}

struct claim {
	const struct checker *ck;
	const char *hostname;
	bool configured; /* the pod itself */
};

/*
 * web-db and web-db-host1 are of the pod web-db where there may be one, otherwise of web: the
 * longer name has it. Names that are the same but for _ and - (my_pod, my-pod) have the same host
 * names; then the pod that the configuration speaks of has them.
 */
static bool has_claim(const char *pod, const void *userdata)
{
	const struct claim *c = userdata;
	const char *own = c->ck->pod->name;

	if (streq(pod, own))
		return false;
	if (dns_name_same(pod, c->hostname))
		return true;
	return dns_name_of_pod(c->hostname, pod) &&
	       (strlen(pod) > strlen(own) || (strlen(pod) == strlen(own) && !c->configured));
}

static void check_claims(struct checker *ck, struct mark mark, const char *hostname)
{
	const struct claim claim = {ck, hostname, settings_names_pod(ck->settings, ck->pod->name)};
	const struct settings_pod *named = settings_find_hostname(ck->settings, hostname);
	const char *other = settings_find_name(ck->settings, has_claim, &claim);

	if (named && streq(named->entry.key, ck->pod->name))
		return;
	if (named)
		other = named->entry.key;
	if (other)
		PROBLEM(ck, mark, "hostname",
			"%s is a name of the pod %s of the configuration: another must be given",
			hostname, other);
}

static void check_given(struct checker *ck)
{
	const struct pod *pod = ck->pod;
	const struct settings_pod *named = settings_find_hostname(ck->settings, pod->hostname);

	if (!dns_name_valid(pod->hostname))
		PROBLEM(ck, pod->hostname_mark, "hostname",
			"is no host name (letters, digits and -, at most 63)");
	else if (!(named && streq(named->entry.key, pod->name)) &&
		 (!dns_name_of_pod(pod->hostname, pod->name) || strchr(pod->hostname, '.')))
		PROBLEM(ck, pod->hostname_mark, "hostname",
			"must be the pod's name, or begin with it and a dash (%s-...), without "
			"dots: others on the network find the pod by it. The admin's "
			"pods.%s.hostnames can allow more",
			pod->name, pod->name);
	else
		check_claims(ck, pod->hostname_mark, pod->hostname);
}

/* Without the host's domain: with it, the name could be that of another host there. */
static char *default_hostname(const char *pod, const char *host)
{
	char *hostname = xasprintf("%s-%.*s", pod, (int)strcspn(host, "."), host);
	size_t n = strlen(hostname);

	for (char *p = hostname; *p; p++) {
		if (*p == '_')
			*p = '-';
	}
	if (n > DNS_NAME_MAX)
		n = DNS_NAME_MAX;
	while (n > 0 && hostname[n - 1] == '-')
		n--;
	hostname[n] = '\0';
	return hostname;
}

void pod_check_dns(struct checker *ck)
{
	struct pod *pod = ck->pod;

	check_name(ck);
	if (pod->hostname) {
		check_given(ck);
		return;
	}
	pod->hostname = default_hostname(pod->name, ck->settings->host_hostname);
	check_claims(ck, pod->containers_mark, pod->hostname);
}
