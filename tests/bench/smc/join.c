// SPDX-License-Identifier: GPL-2.0
/*
 * Gives a kernel the identity (UEID) by which SMC knows machines that share memory;
 * without one it uses no emulated device. By the netlink family of SMC.
 *
 * usage: smc-join IDENTITY
 */
#include <err.h>
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/smc.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

struct message {
	struct nlmsghdr header;
	struct genlmsghdr command;
	char attributes[4096];
};

/*
 * Asks for one thing, by one attribute; the answer takes the question's place. What has no
 * answer is acknowledged if the flags ask for that.
 */
static void ask(int netlink, struct message *message, int family, int flags, int command,
		int attribute, const char *value, size_t length)
{
	struct nlattr *first = (struct nlattr *)message->attributes;

	memset(message, 0, sizeof(*message));
	message->header.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN + NLA_HDRLEN + NLA_ALIGN(length));
	message->header.nlmsg_type = family;
	message->header.nlmsg_flags = NLM_F_REQUEST | flags;
	message->command.cmd = command;
	message->command.version = SMC_GENL_FAMILY_VERSION;
	first->nla_type = attribute;
	first->nla_len = NLA_HDRLEN + length;
	memcpy(first + 1, value, length);
	if (send(netlink, message, message->header.nlmsg_len, 0) < 0 ||
	    recv(netlink, message, sizeof(*message), 0) < 0)
		err(1, "netlink");
	if (message->header.nlmsg_type == NLMSG_ERROR) {
		errno = -((struct nlmsgerr *)NLMSG_DATA(message))->error;
		if (errno)
			err(1, "netlink refuses %.*s", (int)length, value);
	}
}

/* The number of the family of SMC, out of what the kernel tells of it. */
static int smc_family(int netlink, struct message *message)
{
	static const char name[] = SMC_GENL_FAMILY_NAME;
	char *at = message->attributes, *end;
	struct nlattr *attribute;

	ask(netlink, message, GENL_ID_CTRL, 0, CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_NAME,
	    name, sizeof(name));
	end = (char *)message + message->header.nlmsg_len;
	while (at + NLA_HDRLEN <= end) {
		attribute = (struct nlattr *)at;
		if (attribute->nla_type == CTRL_ATTR_FAMILY_ID)
			return *(__u16 *)(attribute + 1);
		at += NLA_ALIGN(attribute->nla_len);
	}
	errx(1, "no %s is known to netlink", name);
}

int main(int argc, char **argv)
{
	static struct message message;
	char identity[SMC_MAX_EID_LEN + 1] = "";
	int netlink = socket(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC);

	if (argc != 2 || strlen(argv[1]) > SMC_MAX_EID_LEN)
		errx(2, "usage: smc-join IDENTITY");
	if (netlink < 0)
		err(1, "netlink");
	snprintf(identity, sizeof(identity), "%-*s", SMC_MAX_EID_LEN, argv[1]);
	ask(netlink, &message, smc_family(netlink, &message), NLM_F_ACK, SMC_NETLINK_ADD_UEID,
	    SMC_NLA_EID_TABLE_ENTRY, identity, sizeof(identity));
	return 0;
}
