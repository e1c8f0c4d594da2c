// SPDX-License-Identifier: GPL-2.0
/*
 * Has the kernel decrypt the datagrams for an address before a socket sees them: see
 * usage(). The programs are in guard.bpf.c.
 */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <err.h>
#include <errno.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "addresses.h"
#include "crypto.h"
#include "guard.h"
#include "key.h"
#include "object.h"

/* A link to the ingress of tc, which the headers of Debian 12 do not know. */
#define TCX_INGRESS	46

static const __u32 zero;
static const char *const names[] = {
	[PASSED] = "passed", [FORGED] = "forged", [REPLAYED] = "replayed", [SHORT] = "short",
	[PIECES] = "pieces", [MALFORMED] = "malformed", [CROWDED] = "crowded",
	[FAILED] = "failed",
};

static _Noreturn void usage(void)
{
	fputs("guard INTERFACE ADDRESS:PORT KEYFILE\n"
	      "  until SIGTERM, decrypt the datagrams that come by the interface to an IPv4 address\n"
	      "  and port, and drop those that no holder of the key has sent; then say how many.\n"
	      "  SIGHUP takes the key that is in the file now. KEYFILE has 32, 48 or 64\n"
	      "  hexadecimal digits.\n",
	      stderr);
	exit(2);
}

/* Returns NULL, or why the kernel does not take the key. */
static const char *refusal(int error)
{
	switch (error) {
	case 0:
		return NULL;
	case ENOENT:
		return "programs have no such ciphers. Try: a kernel with CONFIG_BPF_CRYPTO_AEAD";
	case EOPNOTSUPP:
		return "it has no " CIPHER ". Try: modprobe gcm";
	default:
		return strerror(error);
	}
}

/* Returns NULL, or why the kernel does not use the key. */
static const char *set_key(struct bpf_object *object, const struct key *key)
{
	struct bpf_crypto_params params = {
		.type = "aead", .algo = CIPHER, .key_len = key->bytes, .authsize = TAG_BYTES,
	};
	int error;

	memcpy(params.key, key->data, key->bytes);
	error = crypto_take_key(object, &params);
	explicit_bzero(&params, sizeof(params));
	return refusal(error);
}

/* Returns NULL, or why the key of a file is not used now. */
static const char *use_key(struct bpf_object *object, const char *file)
{
	const char *why;
	struct key key;

	why = key_read(file, &key) ?: set_key(object, &key);
	explicit_bzero(&key, sizeof(key));
	return why;
}

/* The link ends with this program, however that ends. */
static int attach(struct bpf_object *object, const char *interface)
{
	int program = bpf_program__fd(object_program(object, "guard"));
	int link = bpf_link_create(program, if_nametoindex(interface), TCX_INGRESS, NULL);

	if (link < 0)
		err(1, "%s does not take the program", interface);
	return link;
}

static void block_signals(sigset_t *signals)
{
	sigemptyset(signals);
	sigaddset(signals, SIGTERM);
	sigaddset(signals, SIGINT);
	sigaddset(signals, SIGHUP);
	sigprocmask(SIG_BLOCK, signals, NULL);
}

/* A key that cannot be used leaves the one before in use. */
static void serve(struct bpf_object *object, const char *file, const sigset_t *signals)
{
	const char *why;
	int number;

	puts("ready");
	fflush(stdout);
	while (!sigwait(signals, &number) && number == SIGHUP) {
		why = use_key(object, file);
		if (why)
			warnx("the key before stays, as %s has none: %s", file, why);
		else
			puts("new key");
		fflush(stdout);
	}
}

static void print_counts(struct bpf_object *object)
{
	enum verdict verdict;
	struct counts all;

	object_counts(object, all.of, VERDICTS);
	for (verdict = 0; verdict < VERDICTS; verdict++)
		printf("%s=%llu%c", names[verdict], all.of[verdict],
		       verdict + 1 < VERDICTS ? ' ' : '\n');
}

int main(int argc, char **argv)
{
	struct bpf_object *object;
	struct guarded guarded;
	struct sockaddr_in at;
	const char *why;
	sigset_t signals;
	struct key key;
	int link;

	if (argc != 4)
		usage();
	if (!if_nametoindex(argv[1]))
		errx(2, "there is no interface '%s'. Try: ip link", argv[1]);
	at = address_and_port(argv[2]);
	why = key_read(argv[3], &key);
	if (why)
		errx(2, "%s has no key: %s", argv[3], why);
	guarded = (struct guarded){ .address = at.sin_addr.s_addr, .port = at.sin_port };
	object = object_load("guard.bpf.o", "BTF (CONFIG_DEBUG_INFO_BTF) of a Linux 6.12 or later");
	why = set_key(object, &key);
	explicit_bzero(&key, sizeof(key));
	if (why)
		errx(1, "the kernel does not take the key: %s", why);
	if (bpf_map_update_elem(object_map(object, "guarded"), &zero, &guarded, BPF_ANY))
		err(1, "cannot enter %s", argv[2]);
	block_signals(&signals);
	link = attach(object, argv[1]);
	serve(object, argv[3], &signals);
	close(link);
	print_counts(object);
	bpf_object__close(object);
	return 0;
}
