// SPDX-License-Identifier: GPL-2.0
/*
 * The type "aead" of BPF's crypto contexts: bpf_crypto_encrypt() and
 * bpf_crypto_decrypt() with authentication, as by "gcm(aes)".
 *
 * Each call owns a request of its own, with the text in it: nothing here is
 * shared between calls, and nothing needs a lock.
 */
#include <linux/types.h>
#include <linux/bpf_crypto.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <crypto/aead.h>

/**
 * DOC: text, tag and length
 *
 * The two functions of BPF give a cipher a source, a destination and one length.
 * For this type, the length is that of text and tag together in both directions.
 * The tag follows the text, and has the ``authsize`` bytes that the context was
 * made with.
 *
 * - encrypt reads the text, and no more, from the source; it writes the encrypted
 *   text and the tag to the destination.
 * - decrypt reads encrypted text and tag; it writes the text, and nothing behind
 *   it, once the tag was found to be right. Else it returns -EBADMSG, and the
 *   destination is as it was.
 *
 * A length below ``authsize`` is -EINVAL; one that is equal to it means that there
 * is no text. Source and destination may overlap.
 *
 * There is no way to give associated data: who has some puts it into the text. So
 * ciphers that want it (``rfc4106``, ``authenc`` with sequence numbers) return the
 * error that they have for its lack.
 *
 * Programs of BPF cannot wait. So only ciphers that finish in the call are taken,
 * and memory that is not there is -ENOMEM.
 */

/**
 * struct bpf_crypto_aead_work - what one call needs, in one piece of memory
 * @text:	sent to the cipher in place of what the program named
 * @iv:		in this memory, behind the request
 * @bytes:	in this memory, behind @iv: text, then tag
 * @req:	with what the cipher keeps of it; the last member
 *
 * The cipher sees a copy. What the program named may be memory that others write
 * to, so that one text is checked and another one delivered; and it may be memory
 * that no scatterlist can name, as a value of a map that lies in vmalloc space.
 */
struct bpf_crypto_aead_work {
	struct scatterlist text;
	u8 *iv;
	u8 *bytes;
	struct aead_request req;
};

static void *bpf_crypto_aead_alloc_tfm(const char *algo)
{
	return crypto_alloc_aead(algo, 0, CRYPTO_ALG_ASYNC);
}

static void bpf_crypto_aead_free_tfm(void *tfm)
{
	crypto_free_aead(tfm);
}

static int bpf_crypto_aead_has_algo(const char *algo)
{
	return crypto_has_aead(algo, 0, CRYPTO_ALG_ASYNC);
}

static int bpf_crypto_aead_setkey(void *tfm, const u8 *key, unsigned int keylen)
{
	return crypto_aead_setkey(tfm, key, keylen);
}

static int bpf_crypto_aead_setauthsize(void *tfm, unsigned int authsize)
{
	return crypto_aead_setauthsize(tfm, authsize);
}

static u32 bpf_crypto_aead_get_flags(void *tfm)
{
	return crypto_aead_get_flags(tfm);
}

static unsigned int bpf_crypto_aead_ivsize(void *tfm)
{
	return crypto_aead_ivsize(tfm);
}

/* What goes from call to call is the key alone. */
static unsigned int bpf_crypto_aead_statesize(void *tfm)
{
	return 0;
}

/* The caller frees it by kfree_sensitive(): it may hold text that nobody was to see. */
static struct bpf_crypto_aead_work *
bpf_crypto_aead_work_make(struct crypto_aead *aead, unsigned int len, const u8 *iv)
{
	size_t request = sizeof(struct bpf_crypto_aead_work) + crypto_aead_reqsize(aead);
	unsigned int ivsize = crypto_aead_ivsize(aead);
	struct bpf_crypto_aead_work *work;

	work = kmalloc(size_add(request, size_add(ivsize, len)), GFP_ATOMIC | __GFP_NOWARN);
	if (!work)
		return NULL;
	work->iv = (u8 *)work + request;
	work->bytes = work->iv + ivsize;
	memcpy(work->iv, iv, ivsize);
	sg_init_one(&work->text, work->bytes, len);
	aead_request_set_tfm(&work->req, aead);
	aead_request_set_callback(&work->req, 0, NULL, NULL);
	aead_request_set_ad(&work->req, 0);
	return work;
}

/* Has the cipher make @to_write bytes of @to_read. Which is more is the length of the call. */
static int bpf_crypto_aead_run(struct crypto_aead *aead, int (*cipher)(struct aead_request *req),
			       const u8 *src, unsigned int to_read,
			       u8 *dst, unsigned int to_write, const u8 *iv)
{
	struct bpf_crypto_aead_work *work;
	int err;

	work = bpf_crypto_aead_work_make(aead, max(to_read, to_write), iv);
	if (!work)
		return -ENOMEM;

	memcpy(work->bytes, src, to_read);
	aead_request_set_crypt(&work->req, &work->text, &work->text, to_read, work->iv);
	err = cipher(&work->req);
	if (!err)
		memcpy(dst, work->bytes, to_write);
	kfree_sensitive(work);
	return err;
}

static int bpf_crypto_aead_encrypt(void *tfm, const u8 *src, u8 *dst,
				   unsigned int len, u8 *iv)
{
	unsigned int authsize = crypto_aead_authsize(tfm);

	if (len < authsize)
		return -EINVAL;
	return bpf_crypto_aead_run(tfm, crypto_aead_encrypt, src, len - authsize, dst, len, iv);
}

static int bpf_crypto_aead_decrypt(void *tfm, const u8 *src, u8 *dst,
				   unsigned int len, u8 *iv)
{
	unsigned int authsize = crypto_aead_authsize(tfm);

	if (len < authsize)
		return -EINVAL;
	return bpf_crypto_aead_run(tfm, crypto_aead_decrypt, src, len, dst, len - authsize, iv);
}

static const struct bpf_crypto_type bpf_crypto_aead_type = {
	.alloc_tfm	= bpf_crypto_aead_alloc_tfm,
	.free_tfm	= bpf_crypto_aead_free_tfm,
	.has_algo	= bpf_crypto_aead_has_algo,
	.setkey		= bpf_crypto_aead_setkey,
	.setauthsize	= bpf_crypto_aead_setauthsize,
	.encrypt	= bpf_crypto_aead_encrypt,
	.decrypt	= bpf_crypto_aead_decrypt,
	.ivsize		= bpf_crypto_aead_ivsize,
	.statesize	= bpf_crypto_aead_statesize,
	.get_flags	= bpf_crypto_aead_get_flags,
	.owner		= THIS_MODULE,
	.name		= "aead",
};

static int __init bpf_crypto_aead_init(void)
{
	return bpf_crypto_register_type(&bpf_crypto_aead_type);
}

static void __exit bpf_crypto_aead_exit(void)
{
	int err = bpf_crypto_unregister_type(&bpf_crypto_aead_type);

	WARN_ON_ONCE(err);
}

module_init(bpf_crypto_aead_init);
module_exit(bpf_crypto_aead_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Authenticated encryption for BPF programs");
