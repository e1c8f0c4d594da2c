// SPDX-License-Identifier: GPL-2.0
/*
 * Sends sealed datagrams, and takes them: see usage(). Without a key, it takes what
 * arrives for the text; then the kernel is to have decrypted it.
 */
#include <arpa/inet.h>
#include <endian.h>
#include <err.h>
#include <errno.h>
#include <netinet/udp.h>
#include <openssl/evp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "addresses.h"
#include "datagrams.h"
#include "guard.h"
#include "key.h"
#include "numbers.h"

#define MOST_COUNT	10000000
#define MOST_BYTES	(DATAGRAM_MOST_BYTES - MORE_BYTES)
#define PACE_NS		1000000
#define QUIET_MS	1000		/* nothing more comes then */
#define KNOWN_SENDERS	64

/* A datagram as it is sent. */
struct sealed {
	struct nonce nonce;
	unsigned char data[MOST_BYTES + TAG_BYTES];
} __attribute__((packed));

/* What was sent is made worse in ways that a receiver must notice. */
struct way {
	const char *name;
	/* Returns how many bytes of a sealed datagram are sent. */
	size_t (*spoil)(unsigned char *datagram, size_t bytes, unsigned int number);
	unsigned int times;	/* each is sent */
	enum { PLAIN, RANDOM, STRANGERS, TORN } kind;
};

static struct sealed sealed;
static __u32 sender;	/* of all but strangers */
static unsigned char text[DATAGRAM_MOST_BYTES + 1];
static EVP_CIPHER_CTX *cipher;

static struct {
	__u32 id;
	struct window window;
} senders[KNOWN_SENDERS];

static size_t keep(unsigned char *datagram, size_t bytes, unsigned int number)
{
	(void)datagram;
	(void)number;
	return bytes;
}

static size_t flip(unsigned char *datagram, size_t bytes, unsigned int number)
{
	datagram[number % bytes] ^= 1 << number % 8;
	return bytes;
}

static size_t cut(unsigned char *datagram, size_t bytes, unsigned int number)
{
	(void)datagram;
	(void)number;
	return bytes - 1;
}

static size_t shorten(unsigned char *datagram, size_t bytes, unsigned int number)
{
	(void)datagram;
	(void)bytes;
	return number % MORE_BYTES;
}

static const struct way ways[] = {
	{ "whole", keep, 1, PLAIN }, { "twice", keep, 2, PLAIN }, { "flipped", flip, 1, PLAIN },
	{ "cut", cut, 1, PLAIN }, { "short", shorten, 1, PLAIN }, { "random", keep, 1, RANDOM },
	{ "strangers", keep, 1, STRANGERS }, { "torn", keep, 1, TORN },
};

static _Noreturn void usage(void)
{
	fputs("sealed send ADDRESS:PORT KEYFILE COUNT RATE BYTES [WAY]\n"
	      "  send numbered datagrams with BYTES of text, RATE in a second\n"
	      "sealed take ADDRESS:PORT [KEYFILE]\n"
	      "  take them until none has come for a second after the first: how many; how many of\n"
	      "  them were damaged, or late; how many were rejected; the CPU time of it, and how\n"
	      "  often it was woken. Without KEYFILE what comes is text.\n"
	      "WAY whole      (unless another one is given)\n"
	      "    twice      each comes twice\n"
	      "    flipped    a bit is wrong, in each another one\n"
	      "    cut        the last byte is missing\n"
	      "    short      nothing but 0 to 27 bytes of it\n"
	      "    random     random bytes: nobody has the key\n"
	      "    strangers  each says that it is of another sender\n"
	      "    torn       UDP's length is less than what is there; takes root\n",
	      stderr);
	exit(2);
}

static const struct way *way_of(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(ways) / sizeof(*ways); i++)
		if (!strcmp(ways[i].name, name))
			return &ways[i];
	errx(2, "there is no way '%s'. Try: sealed", name);
}

static void start_cipher(const char *file, int encrypts)
{
	const EVP_CIPHER *kind;
	struct key key;
	const char *why = key_read(file, &key);

	if (why)
		errx(2, "%s has no key: %s", file, why);
	kind = key.bytes == 16 ? EVP_aes_128_gcm() :
	       key.bytes == 24 ? EVP_aes_192_gcm() : EVP_aes_256_gcm();
	cipher = EVP_CIPHER_CTX_new();
	if (!cipher || EVP_CipherInit_ex(cipher, kind, NULL, key.data, NULL, encrypts) != 1)
		errx(1, "there is no cipher AES-GCM");
	explicit_bzero(&key, sizeof(key));
}

/* Encrypts the text; how long it is then with nonce and tag. */
static size_t seal(__u64 number, size_t bytes)
{
	int done;

	sealed.nonce.number = htobe64(number);
	if (EVP_EncryptInit_ex(cipher, NULL, NULL, NULL, (void *)&sealed.nonce) != 1 ||
	    EVP_EncryptUpdate(cipher, sealed.data, &done, text, bytes) != 1 ||
	    EVP_EncryptFinal_ex(cipher, sealed.data + bytes, &done) != 1 ||
	    EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES,
				sealed.data + bytes) != 1)
		errx(1, "cannot encrypt %zu bytes", bytes);
	return bytes + MORE_BYTES;
}

/* Decrypts what has come; false if nobody with the key has sent it. */
static bool unseal(size_t bytes)
{
	int done, text_bytes = bytes - MORE_BYTES;

	return EVP_DecryptInit_ex(cipher, NULL, NULL, NULL, (void *)&sealed.nonce) == 1 &&
	       EVP_DecryptUpdate(cipher, text, &done, sealed.data, text_bytes) == 1 &&
	       EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, TAG_BYTES,
				   sealed.data + text_bytes) == 1 &&
	       EVP_DecryptFinal_ex(cipher, text + text_bytes, &done) == 1;
}

/* False if it has come before. Only those with the key get so far. */
static bool take_number(void)
{
	size_t i;

	for (i = 0; i < KNOWN_SENDERS; i++) {
		if (!senders[i].window.seen)
			senders[i].id = sealed.nonce.sender;
		if (senders[i].id == sealed.nonce.sender)
			return window_take(&senders[i].window, be64toh(sealed.nonce.number));
	}
	return false;
}

static struct timespec now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now;
}

static double seconds_since(const struct timespec *began)
{
	struct timespec at = now();

	return at.tv_sec - began->tv_sec + (at.tv_nsec - began->tv_nsec) / 1e9;
}

/* Sleeps until the datagram of that number is due. */
static void pace(const struct timespec *began, unsigned int number, unsigned int rate)
{
	const struct timespec pause = { .tv_nsec = PACE_NS };

	while (seconds_since(began) * rate < number)
		nanosleep(&pause, NULL);
}

/* Returns a socket that takes what send_one() gives it. */
static int sending_socket(const struct way *way, const struct sockaddr_in *to)
{
	int fd = way->kind == TORN ? socket(AF_INET, SOCK_RAW, IPPROTO_UDP) :
		 datagram_socket(NULL);

	if (fd < 0 || connect(fd, (const struct sockaddr *)to, sizeof(*to)))
		err(1, "%s:%u", inet_ntoa(to->sin_addr), ntohs(to->sin_port));
	return fd;
}

/* Whether somebody listens there is no concern of the sender's. */
static void send_one(int fd, const struct way *way, __be16 port, size_t bytes)
{
	struct udphdr udp = {
		.source = port, .dest = port, .len = htons(sizeof(udp) + bytes - 1),
	};
	struct iovec pieces[] = { { &udp, sizeof(udp) }, { &sealed, bytes } };
	bool torn = way->kind == TORN;
	/* Not writev(): it sends no datagram of no bytes. */
	const struct msghdr message = {
		.msg_iov = torn ? pieces : pieces + 1, .msg_iovlen = torn ? 2 : 1,
	};

	while (sendmsg(fd, &message, 0) < 0)
		if (errno != ECONNREFUSED && errno != ENOBUFS)
			err(1, "send");
}

/* Numbers go on from the time, so that none comes again after another start. */
static __u64 first_number(void)
{
	struct timespec time;

	clock_gettime(CLOCK_REALTIME, &time);
	return time.tv_sec * 1000000000ULL + time.tv_nsec;
}

static size_t make(const struct way *way, __u64 first, unsigned int number, size_t bytes)
{
	sealed.nonce.sender = sender + (way->kind == STRANGERS ? number : 0);
	if (way->kind == RANDOM) {
		sealed.nonce.number = htobe64(first + number);
		return bytes + MORE_BYTES;
	}
	datagram_fill(text, number, bytes);
	return way->spoil((unsigned char *)&sealed, seal(first + number, bytes), number);
}

static int send_all(char **words, const struct way *way)
{
	const struct sockaddr_in to = address_and_port(words[0]);
	unsigned int count = number_of(words[2], 1, MOST_COUNT), number, i;
	unsigned int rate = number_of(words[3], 1, MOST_COUNT);
	size_t bytes = number_of(words[4], sizeof(number), MOST_BYTES), all;
	__u64 first = first_number();
	struct timespec began;
	int fd;

	start_cipher(words[1], 1);
	fd = sending_socket(way, &to);
	if (getrandom(&sender, sizeof(sender), 0) < 0 ||
	    getrandom(sealed.data, bytes + TAG_BYTES, 0) < 0)
		err(1, "cannot get random bytes");
	began = now();
	for (number = 0; number < count; number++) {
		pace(&began, number, rate);
		all = make(way, first, number, bytes);
		for (i = 0; i < way->times; i++)
			send_one(fd, way, to.sin_port, all);
	}
	printf("sent=%u seconds=%.6f\n", count, seconds_since(&began));
	return 0;
}

/* How long the text is that has come, or -1 if it is not to be believed. */
static ssize_t take_one(int fd)
{
	ssize_t bytes = recv(fd, cipher ? (void *)&sealed : text,
			     cipher ? sizeof(sealed) : sizeof(text), 0);

	if (bytes < 0)
		err(1, "receive");
	if (!cipher)
		return bytes;
	if (bytes < (ssize_t)MORE_BYTES || !unseal(bytes) || !take_number())
		return -1;
	return bytes - MORE_BYTES;
}

static double cpu_ms(const struct rusage *usage)
{
	return (usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1e3 +
	       (usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) / 1e3;
}

static int take_all(const char *where, const char *key)
{
	const struct sockaddr_in at = address_and_port(where);
	unsigned int taken = 0, damaged = 0, late = 0, rejected = 0, number, next = 0;
	struct pollfd any = { .fd = datagram_socket(&at), .events = POLLIN };
	struct rusage before, after;
	ssize_t bytes;

	if (key)
		start_cipher(key, 0);
	puts("ready");
	fflush(stdout);
	getrusage(RUSAGE_SELF, &before);
	while (poll(&any, 1, taken + rejected ? QUIET_MS : -1) > 0) {
		bytes = take_one(any.fd);
		if (bytes < 0) {
			rejected++;
			continue;
		}
		taken++;
		if (!datagram_is_whole(text, bytes, &number)) {
			damaged++;
			continue;
		}
		late += number < next;
		next = number + 1;
	}
	getrusage(RUSAGE_SELF, &after);
	printf("taken=%u damaged=%u late=%u rejected=%u cpu_ms=%.1f woken=%ld\n", taken, damaged,
	       late, rejected, cpu_ms(&after) - cpu_ms(&before), after.ru_nvcsw - before.ru_nvcsw);
	return 0;
}

int main(int argc, char **argv)
{
	if ((argc == 7 || argc == 8) && !strcmp(argv[1], "send"))
		return send_all(argv + 2, way_of(argc == 8 ? argv[7] : "whole"));
	if ((argc == 3 || argc == 4) && !strcmp(argv[1], "take"))
		return take_all(argv[2], argv[3]);
	usage();
}
