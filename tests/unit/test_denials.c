/* SPDX-License-Identifier: GPL-3.0-or-later */
/* NFLOG records: made as the kernel makes them, cut short at every byte, and formatted. */
#include "netguard/denials.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <setjmp.h>
#include <cmocka.h>

/* 10.88.1.2:40000 -> 10.88.1.1:5433, TCP */
static const uint8_t packet4[] = {0x45, 0, 0,  40, 0, 0, 0,    0,    64,   6,	 0, 0, 10, 88,
				  1,	2, 10, 88, 1, 1, 0x9c, 0x40, 0x15, 0x39, 0, 0, 0,  0};
static const uint8_t packet6[48] = {[0] = 0x60,	 [6] = 17,    [8] = 0xfd, [9] = 0x88, [23] = 2,
				    [24] = 0xfd, [25] = 0x88, [39] = 1,	  [41] = 53,  [43] = 54};

struct record {
	uint8_t buffer[1024];
	struct nlmsghdr *nlh;
};

static void record_start(struct record *r, const char *prefix)
{
	struct nfgenmsg *nfg;

	memset(r->buffer, 0, sizeof(r->buffer));
	r->nlh = mnl_nlmsg_put_header(r->buffer);
	r->nlh->nlmsg_type = NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET;
	nfg = mnl_nlmsg_put_extra_header(r->nlh, sizeof(*nfg));
	nfg->version = NFNETLINK_V0;
	if (prefix)
		mnl_attr_put_strz(r->nlh, NFULA_PREFIX, prefix);
}

/* of web.app; the first twice, for IPv4 and IPv6, and one not chosen yet */
static const struct member_port published[] = {
	{.host_port = 8080, .port = 80, .proto = IPPROTO_TCP},
	{.host_port = 8080, .port = 80, .proto = IPPROTO_TCP},
	{.host_port = 9999, .port = 80, .proto = IPPROTO_TCP},
	{.host_port = 0, .port = 80, .proto = IPPROTO_TCP},
	{.host_port = 8081, .port = 80, .proto = IPPROTO_UDP},
	{.host_port = 8082, .port = 81, .proto = IPPROTO_TCP},
};

static struct model *example_model(void)
{
	struct model *m = model_new();
	struct member member = {
		.id = xstrdup("c1"), .name = xstrdup("web.app"), .pod = xstrdup("web")};
	struct member_address *a;

	a = &ARRAY_PUSH(member.addresses, member.n_addresses);
	*a = (struct member_address){.bridge = "br-pods"};
	assert_true(addr_parse("10.88.1.2", &a->ip4));
	for (size_t i = 0; i < ARRAY_SIZE(published); i++)
		ARRAY_PUSH(member.ports, member.n_ports) = published[i];
	model_put(m, &member);
	return m;
}

static void assert_format(const struct denial *d, const char *user, const char *want)
{
	struct model *m = example_model();
	char text[DENIAL_TEXT_MAX];

	assert_string_equal(denial_format(d, m, user, text), want);
	model_free(m);
}

static void test_tcp_from_a_container(void **state)
{
	struct record r;
	struct denial d;

	(void)state;
	record_start(&r, "container_to_host ");
	mnl_attr_put_u32(r.nlh, NFULA_IFINDEX_INDEV, htonl(7));
	mnl_attr_put(r.nlh, NFULA_PAYLOAD, sizeof(packet4), packet4);
	assert_true(denial_parse(r.nlh, &d));
	assert_string_equal(d.reason, "container_to_host");
	assert_int_equal(d.in, 7);
	assert_false(d.has_uid);
	assert_format(&d, NULL,
		      "container_to_host: pod web (web.app) 10.88.1.2:40000 -> 10.88.1.1:5433/tcp");
}

static void test_udp6_from_a_user(void **state)
{
	struct record r;
	struct denial d;

	(void)state;
	record_start(&r, "host_to_container ");
	mnl_attr_put_u32(r.nlh, NFULA_UID, htonl(1235));
	mnl_attr_put(r.nlh, NFULA_PAYLOAD, sizeof(packet6), packet6);
	assert_true(denial_parse(r.nlh, &d));
	assert_format(&d, NULL, "host_to_container: uid 1235 [fd88::2]:53 -> [fd88::1]:54/udp");
	assert_format(&d, "ca\x1brol",
		      "host_to_container: user ca?rol [fd88::2]:53 -> [fd88::1]:54/udp");
}

static void test_sctp(void **state)
{
	uint8_t packet[sizeof(packet4)];
	struct record r;
	struct denial d;

	(void)state;
	memcpy(packet, packet4, sizeof(packet));
	packet[9] = IPPROTO_SCTP;
	record_start(&r, "world_to_container ");
	mnl_attr_put(r.nlh, NFULA_PAYLOAD, sizeof(packet), packet);
	assert_true(denial_parse(r.nlh, &d));
	assert_format(
		&d, NULL,
		"world_to_container: pod web (web.app) 10.88.1.2:40000 -> 10.88.1.1:5433/sctp");
}

static void test_fragment_has_no_ports(void **state)
{
	uint8_t fragment[sizeof(packet4)];
	struct record r;
	struct denial d;

	(void)state;
	memcpy(fragment, packet4, sizeof(fragment));
	fragment[7] = 1;
	record_start(&r, "forged ");
	mnl_attr_put(r.nlh, NFULA_PAYLOAD, sizeof(fragment), fragment);
	assert_true(denial_parse(r.nlh, &d));
	assert_false(d.has_ports);
	assert_format(&d, NULL, "forged: pod web (web.app) 10.88.1.2 -> 10.88.1.1/tcp");
}

/* Docker had rewritten it: what the sender may have asked for is told beside it. */
static void test_to_a_published_port(void **state)
{
	struct denial d = {.reason = "world_to_container", .proto = IPPROTO_TCP, .has_ports = true};
	uint16_t ports[DENIAL_HOST_PORTS];
	struct model *m = example_model();

	(void)state;
	assert_true(addr_parse("192.0.2.1", &d.from) && addr_parse("10.88.1.2", &d.to));
	d.from_port = 4000;
	d.to_port = 80;
	assert_format(&d, NULL,
		      "world_to_container: 192.0.2.1:4000 -> pod web (web.app) 10.88.1.2:80/tcp, "
		      "published as host port 8080, 9999");
	assert_int_equal(denial_host_ports(m, &d, ports), 2);
	d.to_port = 7000;
	assert_int_equal(denial_host_ports(m, &d, ports), 0);
	/* no more than there is room for */
	for (uint16_t i = 0; i < 2 * DENIAL_HOST_PORTS; i++)
		ARRAY_PUSH(m->members[0].ports, m->members[0].n_ports) = (struct member_port){
			.host_port = (uint16_t)(100 + i), .port = 7000, .proto = IPPROTO_TCP};
	assert_int_equal(denial_host_ports(m, &d, ports), DENIAL_HOST_PORTS);
	d.has_uid = true;
	assert_int_equal(denial_host_ports(m, &d, ports), 0);
	model_free(m);
}

static void test_nonsense_is_refused(void **state)
{
	static const uint8_t short_header[20] = {0x4f}; /* says 60 bytes of header */
	static const uint8_t other[20] = {0x50};
	struct record r;
	struct denial d;

	(void)state;
	for (size_t n = 0; n < 20; n++) {
		record_start(&r, "forged ");
		mnl_attr_put(r.nlh, NFULA_PAYLOAD, n, packet4);
		assert_false(denial_parse(r.nlh, &d));
	}
	for (size_t n = 0; n < 40; n++) {
		record_start(&r, "forged ");
		mnl_attr_put(r.nlh, NFULA_PAYLOAD, n, packet6);
		assert_false(denial_parse(r.nlh, &d));
	}
	record_start(&r, "forged ");
	mnl_attr_put(r.nlh, NFULA_PAYLOAD, sizeof(short_header), short_header);
	assert_false(denial_parse(r.nlh, &d));
	record_start(&r, "forged ");
	mnl_attr_put(r.nlh, NFULA_PAYLOAD, sizeof(other), other);
	assert_false(denial_parse(r.nlh, &d));
	record_start(&r, NULL);
	mnl_attr_put(r.nlh, NFULA_PAYLOAD, sizeof(packet4), packet4);
	assert_false(denial_parse(r.nlh, &d));
	record_start(&r, "\x1b[31mforged ");
	mnl_attr_put(r.nlh, NFULA_PAYLOAD, sizeof(packet4), packet4);
	assert_false(denial_parse(r.nlh, &d));
}

static void test_cut_at_every_byte(void **state)
{
	struct record r;
	uint32_t whole;

	(void)state;
	record_start(&r, "container_to_host ");
	mnl_attr_put_u32(r.nlh, NFULA_UID, htonl(1));
	mnl_attr_put(r.nlh, NFULA_PAYLOAD, sizeof(packet4), packet4);
	whole = r.nlh->nlmsg_len;
	for (uint32_t n = sizeof(struct nlmsghdr); n < whole; n++) {
		struct nlmsghdr *cut = xmemdup(r.buffer, n); /* a read behind it is seen by ASan */
		struct denial d;

		cut->nlmsg_len = n;
		assert_false(denial_parse(cut, &d));
		free(cut);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tcp_from_a_container),
		cmocka_unit_test(test_udp6_from_a_user),
		cmocka_unit_test(test_sctp),
		cmocka_unit_test(test_fragment_has_no_ports),
		cmocka_unit_test(test_to_a_published_port),
		cmocka_unit_test(test_nonsense_is_refused),
		cmocka_unit_test(test_cut_at_every_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
