/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A name service that does not answer while there is a file /run/slow: users, groups, hosts. It
 * knows one user, lena, who has the uid of another of the sandbox's users, carol.
 */
#include <errno.h>
#include <grp.h>
#include <netdb.h>
#include <nss.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>
static void answer_late(void)
{
	while (access("/run/slow", F_OK) == 0)
		usleep(10000);
}
enum nss_status _nss_slow_getpwnam_r(const char *name, struct passwd *pw, char *buf, size_t size,
				     int *e)
{
	answer_late();
	if (strcmp(name, "lena"))
		return NSS_STATUS_NOTFOUND;
	if (size < 8)
		return *e = ERANGE, NSS_STATUS_TRYAGAIN;
	strcpy(buf, name);
	*pw = (struct passwd){.pw_name = buf,
			      .pw_passwd = buf + 4,
			      .pw_uid = 1235,
			      .pw_gid = 1235,
			      .pw_gecos = buf + 4,
			      .pw_dir = buf + 4,
			      .pw_shell = buf + 4};
	return NSS_STATUS_SUCCESS;
}
enum nss_status _nss_slow_getpwuid_r(uid_t uid, struct passwd *pw, char *buf, size_t size, int *e)
{
	(void)uid, (void)pw, (void)buf, (void)size, (void)e;
	answer_late();
	return NSS_STATUS_NOTFOUND;
}
enum nss_status _nss_slow_getpwent_r(struct passwd *pw, char *buf, size_t size, int *e)
{
	(void)pw, (void)buf, (void)size, (void)e;
	answer_late();
	return NSS_STATUS_NOTFOUND;
}
enum nss_status _nss_slow_getgrnam_r(const char *name, struct group *gr, char *buf, size_t size,
				     int *e)
{
	(void)name, (void)gr, (void)buf, (void)size, (void)e;
	answer_late();
	return NSS_STATUS_NOTFOUND;
}

enum nss_status _nss_slow_gethostbyname4_r(const char *name, void *ret, char *buf, size_t size,
					   int *e, int *h, int *ttl)
{
	(void)name, (void)ret, (void)buf, (void)size, (void)e, (void)ttl;
	answer_late();
	*h = HOST_NOT_FOUND;
	return NSS_STATUS_NOTFOUND;
}

enum nss_status _nss_slow_gethostbyname2_r(const char *name, int family, struct hostent *host,
					   char *buf, size_t size, int *e, int *h)
{
	(void)name, (void)family, (void)host, (void)buf, (void)size, (void)e;
	answer_late();
	*h = HOST_NOT_FOUND;
	return NSS_STATUS_NOTFOUND;
}
