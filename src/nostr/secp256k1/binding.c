/*
 * What schnorr.ts calls: bitcoin-core's libsecp256k1 as one WebAssembly module without a C library.
 *
 * Inputs and outputs are fixed buffers that the caller fills and reads, one call at a time. All arithmetic is the
 * library's; what is added here is a small store of key pairs. BIP-340 signs with the public key as well as the
 * secret one, and deriving it costs as much as the signature itself, so a pair that was used lately is kept.
 *
 * One translation unit, so that the compiler may inline across the library. Built by scripts/build-secp256k1.sh.
 */
#define SECP256K1_BUILD
#define ENABLE_MODULE_ECDH 1
#define ENABLE_MODULE_EXTRAKEYS 1
#define ENABLE_MODULE_SCHNORRSIG 1
#define USE_EXTERNAL_DEFAULT_CALLBACKS 1
#include "src/secp256k1.c"
#include "src/precomputed_ecmult.c"
#include "src/precomputed_ecmult_gen.c"

#define EXPORT(name) __attribute__((export_name(#name)))

/* The buffers, exported by the linker under these names. */
unsigned char hash[32];       /* in: what is signed */
unsigned char signature[64];  /* in for verify, out of sign */
unsigned char public_key[32]; /* in for verify and shared_x, out of derive; x-only */
unsigned char secret_key[32]; /* in; the caller clears it */
unsigned char random32[32];   /* in for start and sign; the caller clears it */
unsigned char shared[32];     /* out of shared_x; the caller clears it */

static secp256k1_context context;

/* Builds the context, blinded by random32. Called once, before everything else. */
EXPORT(start) int start(void) {
    return secp256k1_context_preallocated_create(&context, SECP256K1_CONTEXT_NONE) != NULL
        && secp256k1_context_randomize(&context, random32);
}

/* Whether signature is public_key's for hash. 0 as well when public_key is no point of the curve. */
EXPORT(verify) int verify(void) {
    secp256k1_xonly_pubkey point;
    return secp256k1_xonly_pubkey_parse(&context, &point, public_key)
        && secp256k1_schnorrsig_verify(&context, signature, hash, sizeof hash, &point);
}

/* A service signs for few agents; with more than this in turn each signature costs its derivation again. */
#define PAIRS 16

static struct {
    secp256k1_keypair pair;
    uint64_t used; /* the turn of its last use, 0 for never */
} pairs[PAIRS];
static uint64_t turn;

/* A key pair begins with its 32 secret bytes (secp256k1_keypair_save). Compared without an early exit. */
static int is_pair_of_secret_key(const secp256k1_keypair *pair) {
    unsigned char difference = 0;
    int i;
    for (i = 0; i < 32; i++) difference |= pair->data[i] ^ secret_key[i];
    return difference == 0;
}

/* The pair of secret_key, or NULL when that is zero or not below the curve order. */
static const secp256k1_keypair *pair_of_secret_key(void) {
    int i, oldest = 0;
    turn++;
    for (i = 0; i < PAIRS; i++) {
        if (pairs[i].used != 0 && is_pair_of_secret_key(&pairs[i].pair)) {
            pairs[i].used = turn;
            return &pairs[i].pair;
        }
        if (pairs[i].used < pairs[oldest].used) oldest = i;
    }
    pairs[oldest].used = 0;
    if (!secp256k1_keypair_create(&context, &pairs[oldest].pair, secret_key)) return NULL;
    pairs[oldest].used = turn;
    return &pairs[oldest].pair;
}

/*
 * The library clears its secret variables, but not every copy that the compiler made of them on the stack. So what
 * handles secrets runs one frame down, and that part of the stack is cleared when it returned. Calls reach some 4 KiB
 * deep; secp256k1-build.test.ts searches the memory for what stayed.
 */
#define NOINLINE __attribute__((noinline))

NOINLINE static int with_clean_stack(int result) {
    unsigned char depth[8 * 1024];
    memset(depth, 0, sizeof depth);
    return result;
}

NOINLINE static int do_sign(void) {
    const secp256k1_keypair *pair = pair_of_secret_key();
    return pair != NULL && secp256k1_schnorrsig_sign32(&context, signature, hash, pair, random32);
}

/* Signs hash by secret_key with the auxiliary random32. 0 when the key is out of range. */
EXPORT(sign) int sign(void) { return with_clean_stack(do_sign()); }

NOINLINE static int do_derive(void) {
    const secp256k1_keypair *pair = pair_of_secret_key();
    secp256k1_xonly_pubkey point;
    return pair != NULL
        && secp256k1_keypair_xonly_pub(&context, &point, NULL, pair)
        && secp256k1_xonly_pubkey_serialize(&context, public_key, &point);
}

/* Writes secret_key's x-only public key. 0 when the key is out of range. */
EXPORT(derive) int derive(void) { return with_clean_stack(do_derive()); }

/* Stands in for the hash that ECDH usually ends with: NIP-04 and NIP-44 want x as it is. */
static int x_alone(unsigned char *output, const unsigned char *x32, const unsigned char *y32, void *data) {
    (void)y32;
    (void)data;
    memcpy(output, x32, 32);
    return 1;
}

NOINLINE static int do_shared_x(void) {
    unsigned char compressed[33];
    secp256k1_pubkey point;
    compressed[0] = 2; /* the point with even y; the other one's multiple has the same x */
    memcpy(compressed + 1, public_key, 32);
    return secp256k1_ec_pubkey_parse(&context, &point, compressed, sizeof compressed)
        && secp256k1_ecdh(&context, shared, &point, secret_key, x_alone, NULL);
}

/* Writes x of secret_key times public_key. 0 when the key is out of range or the point not on the curve. */
EXPORT(shared_x) int shared_x(void) { return with_clean_stack(do_shared_x()); }

/*
 * What a C library would have given. A trap reaches JavaScript as WebAssembly.RuntimeError. memset stays a call: the
 * library clears secrets with it, which a compiler that looked inside would drop as useless.
 */

void secp256k1_default_illegal_callback_fn(const char *message, void *data) {
    (void)message;
    (void)data;
    __builtin_trap();
}

void secp256k1_default_error_callback_fn(const char *message, void *data) {
    (void)message;
    (void)data;
    __builtin_trap();
}

void *memcpy(void *restrict to, const void *restrict from, size_t size) {
    unsigned char *t = to;
    const unsigned char *f = from;
    for (; size >= 8; size -= 8, t += 8, f += 8) __builtin_memcpy(t, f, 8);
    while (size-- > 0) *t++ = *f++;
    return to;
}

__attribute__((noinline)) void *memset(void *to, int value, size_t size) {
    unsigned char *t = to;
    const uint64_t eight = 0x0101010101010101u * (unsigned char)value;
    for (; size >= 8; size -= 8, t += 8) __builtin_memcpy(t, &eight, 8);
    while (size-- > 0) *t++ = (unsigned char)value;
    return to;
}
