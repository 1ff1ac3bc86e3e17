/* A plugin of qemu (its plugin interface, version 4) that counts executed AArch64 instructions.
 *
 * The program marks a place by closing descriptor MARK + n, which fails and changes nothing. One line with n and all
 * counters so far is written then, to the file named by out=FILE. Counters are one 64-bit number per CPU and class,
 * added to in the translated code, instruction by instruction.
 *
 * Patterns are those of the Arm Architecture Reference Manual for A-profile, chapter C4, "A64 Instruction Set
 * Encoding". An instruction is of the first of the arithmetic classes it fits, and beside that SIMD, a load or store,
 * a branch, or none of these.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <qemu-plugin.h>

#define MARK 0x4c530000u
#define CLOSE 57

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;

enum { TOTAL, DOT, MATRIX, WIDENING, FUSED, SIMD, LOAD_STORE, BRANCH, CLASSES };

static const char *const names[CLASSES] = {
    "total", "dot_product", "matrix_multiply", "widening_multiply", "fused_multiply_add", "simd", "load_store", "branch",
};

static struct qemu_plugin_scoreboard *board;
static FILE *out;

static uint32_t bits(uint32_t word, int high, int low)
{
    return (word >> low) & ((1u << (high - low + 1)) - 1);
}

/* Vectors of equal length, "three registers": 0 Q U 01110 size 1 Rm ..., and their extension with bit 21 clear. */
static int vector_class(uint32_t word)
{
    uint32_t opcode = bits(word, 15, 10);
    if (!bits(word, 21, 21)) {
        if (opcode == 0x25) /* SDOT, UDOT */
            return DOT;
        if (opcode == 0x27 && !bits(word, 29, 29)) /* USDOT */
            return DOT;
        if ((opcode == 0x29 || opcode == 0x2b) && bits(word, 23, 22) == 2) /* SMMLA, UMMLA, USMMLA */
            return MATRIX;
        if (bits(word, 22, 21) == 2 && opcode == 0x03 && !bits(word, 29, 29)) /* FMLA, FMLS of half precision */
            return FUSED;
        return TOTAL;
    }
    if (bits(word, 11, 10) == 0 && bits(word, 15, 15)) /* SMULL, SMLAL, SMLSL, UMULL, ..., SQDMULL, PMULL */
        return WIDENING;
    if (opcode == 0x33 && !bits(word, 29, 29)) /* FMLA, FMLS */
        return FUSED;
    return TOTAL;
}

/* By one element of a vector: 0 Q U 01111 size L M Rm opcode H 0. */
static int element_class(uint32_t word)
{
    uint32_t opcode = bits(word, 15, 12);
    bool u = bits(word, 29, 29);
    if (bits(word, 10, 10))
        return TOTAL;
    if (opcode == 14 || (opcode == 15 && !u && !bits(word, 22, 22))) /* SDOT, UDOT; SUDOT, USDOT */
        return DOT;
    if (!u && (opcode == 1 || opcode == 5)) /* FMLA, FMLS */
        return FUSED;
    if ((opcode & 2) && opcode < 12 && !(u && (opcode & 1))) /* xMLAL, xMLSL, xMULL, SQDMLAL, SQDMLSL, SQDMULL */
        return WIDENING;
    return TOTAL;
}

/* Returns the arithmetic class of an instruction, TOTAL where it is of none. */
static int arithmetic_class(uint32_t word)
{
    if (!bits(word, 31, 31) && bits(word, 28, 24) == 0x0e)
        return vector_class(word);
    if (!bits(word, 31, 31) && bits(word, 28, 24) == 0x0f)
        return element_class(word);
    if (bits(word, 31, 24) == 0x1f) /* FMADD, FMSUB, FNMADD, FNMSUB */
        return FUSED;
    if (bits(word, 31, 24) == 0x5f && !bits(word, 10, 10) && (bits(word, 15, 12) & 11) == 1) /* scalar FMLA, FMLS */
        return FUSED;
    return TOTAL;
}

/* Returns the group of the encoding: SIMD, LOAD_STORE, BRANCH, or TOTAL for everything else. */
static int group(uint32_t word)
{
    uint32_t op0 = bits(word, 28, 25);
    if ((op0 & 7) == 7)
        return SIMD;
    if ((op0 & 5) == 4)
        return LOAD_STORE;
    return (op0 & 14) == 10 ? BRANCH : TOTAL;
}

static void count(struct qemu_plugin_insn *instruction, int class)
{
    qemu_plugin_u64 entry = { board, class * sizeof(uint64_t) };
    qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(instruction, QEMU_PLUGIN_INLINE_ADD_U64, entry, 1);
}

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *block)
{
    (void)id;
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(block); i++) {
        struct qemu_plugin_insn *instruction = qemu_plugin_tb_get_insn(block, i);
        unsigned char raw[4] = { 0 };
        qemu_plugin_insn_data(instruction, raw, sizeof raw);
        uint32_t word = raw[0] | raw[1] << 8 | raw[2] << 16 | (uint32_t)raw[3] << 24;
        int class = arithmetic_class(word);
        count(instruction, TOTAL);
        if (class != TOTAL)
            count(instruction, class);
        if (group(word) != TOTAL)
            count(instruction, group(word));
    }
}

static void on_syscall(qemu_plugin_id_t id, unsigned int cpu, int64_t number, uint64_t first, uint64_t b, uint64_t c,
                       uint64_t d, uint64_t e, uint64_t f, uint64_t g, uint64_t h)
{
    (void)id, (void)cpu, (void)b, (void)c, (void)d, (void)e, (void)f, (void)g, (void)h;
    if (number != CLOSE || ((uint32_t)first & 0xffff0000u) != MARK)
        return;
    fprintf(out, "{\"mark\": %" PRIu32, (uint32_t)first & 0xffffu);
    for (int class = 0; class < CLASSES; class++) {
        qemu_plugin_u64 entry = { board, class * sizeof(uint64_t) };
        fprintf(out, ", \"%s\": %" PRIu64, names[class], qemu_plugin_u64_sum(entry));
    }
    fprintf(out, "}\n");
    fflush(out);
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv)
{
    if (strcmp(info->target_name, "aarch64") != 0)
        return -1;
    for (int i = 0; i < argc; i++)
        if (strncmp(argv[i], "out=", 4) == 0)
            out = fopen(argv[i] + 4, "w");
    if (out == NULL) {
        fprintf(stderr, "instructions: out=FILE is missing, or cannot be written\n");
        return -1;
    }
    board = qemu_plugin_scoreboard_new(CLASSES * sizeof(uint64_t));
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
    qemu_plugin_register_vcpu_syscall_cb(id, on_syscall);
    return 0;
}
