/* The encoders of Ackley, Hinton & Sejnowski (1985), section 4: plain C, one machine after another.
 *
 * Written from the text alone. Weights, states and counts are whole numbers; a probe reads one row
 * of weights, which is why this is faster than the rule in NumPy for networks of 90 units.
 *
 *     cc -O3 -march=native encoder.c -o encoder -lm
 *     ./encoder times  READING V H ON OFF SEED MACHINES CYCLES    the cycles of the first solutions
 *     ./encoder tests  READING V H ON OFF SEED MACHINES CYCLES CONNECT CLEAN    completion, weights
 *
 * READING is 0 (R1), 1 (N) or 2 (NP), as in docs/plans/boltzmann.md. `tests` learns without hidden
 * units up to cycle CONNECT, then with noise up to cycle CLEAN, then without.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 96, UNITS_OF_TIME = 10, STEP = 2, LARGEST = 4000, TEMPERATURES = 6 };

static const double temperatures[TEMPERATURES] = {20, 15, 12, 10, 7.5, 5};
enum { COLD = 3 };               /* statistics are gathered at 10 */

static int v, h, n;              /* visible units of a group, hidden units, all units */
static int width;                /* of a row of weights: n, rounded up to whole registers */
static int reading;              /* 0: R1, 1: N, 2: NP */
static double on_to_off, off_to_on;
static int is_linked[MOST][MOST];
static int weight[MOST][MOST];   /* symmetric, 0 where there is no link */
static int bias[MOST];
static int state[MOST];
static double chance[TEMPERATURES][2 * LARGEST + 1];  /* of being on, by temperature and input */

typedef struct {
    long samples;
    long on[MOST];
    long both[MOST][MOST];       /* of i > j */
} Counts;

static Counts clamped, unclamped;

/* xoshiro256++ (Blackman & Vigna), seeded by splitmix64. */

static uint64_t words[4];

static uint64_t rotate(uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }

static uint64_t draw_word(void) {
    uint64_t result = rotate(words[0] + words[3], 23) + words[0], t = words[1] << 17;
    words[2] ^= words[0];
    words[3] ^= words[1];
    words[1] ^= words[2];
    words[0] ^= words[3];
    words[2] ^= t;
    words[3] = rotate(words[3], 45);
    return result;
}

static double draw(void) { return (double)(draw_word() >> 11) * 0x1p-53; }

static void seed_machine(uint64_t seed, uint64_t machine) {
    uint64_t x = seed + machine * 0xd1342543de82ef95ULL;
    for (int k = 0; k < 4; k++) {
        uint64_t z = (x += 0x9e3779b97f4a7c15ULL);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
        words[k] = z ^ (z >> 31);
    }
}

/* The network. */

static void clamp(int vector, int is_noisy) {
    for (int i = 0; i < 2 * v; i++) {
        int bit = i % v == vector;
        double p = bit ? on_to_off : off_to_on;
        state[i] = is_noisy && draw() < p ? !bit : bit;
    }
}

static void count(Counts *counts, int n_units) {
    int list[MOST], length = 0;
    for (int i = 0; i < n_units; i++)
        if (state[i]) list[length++] = i;
    for (int a = 0; a < length; a++) {
        counts->on[list[a]]++;
        for (int b = 0; b < a; b++) counts->both[list[a]][list[b]]++;
    }
    counts->samples++;
}

static void fill_chances(void) {
    for (int t = 0; t < TEMPERATURES; t++)
        for (int input = -LARGEST; input <= LARGEST; input++)
            chance[t][input + LARGEST] = 1.0 / (1.0 + exp(-input / temperatures[t]));
}

/* Give a random one of the units first, ..., last - 1 a chance to change its state. */
static void probe(int first, int last, int temperature) {
    int i = first + (int)(draw() * (last - first));
    int input = bias[i];
    for (int j = 0; j < width; j++) input += weight[i][j] * state[j];
    if (input > LARGEST) input = LARGEST;
    if (input < -LARGEST) input = -LARGEST;
    state[i] = draw() < chance[temperature][input + LARGEST];
}

/* One unit of time. A vector of -1 says that nothing is clamped with noise. */
static void spend(int first, int last, int temperature, int vector, Counts *counts) {
    if (vector >= 0 && reading > 0) clamp(vector, 1);
    for (int k = first; k < last; k++) {
        probe(first, last, temperature);
        if (counts && reading == 2) count(counts, last);
    }
    if (counts && (reading < 2 || first == last)) count(counts, last);
}

static void randomize(int first, int last) {
    for (int i = first; i < last; i++) state[i] = draw() < 0.5;
}

/* Reach equilibrium at 10, then gather statistics for 10 units of time. */
static void anneal(int first, int last, int vector, Counts *counts) {
    static const int times[] = {2, 2, 2, 4};
    randomize(first, last);
    for (int t = 0; t < 4; t++)
        for (int k = 0; k < times[t]; k++) spend(first, last, t, vector, NULL);
    for (int k = 0; k < UNITS_OF_TIME; k++) spend(first, last, COLD, vector, counts);
}

static int find_sign(long a, long b) { return (a > b) - (a < b); }

/* Both phases, each vector `repeats` times, then all weights; the first `last` units take part. */
static void learn(int last, int repeats, int is_noisy) {
    memset(&clamped, 0, sizeof clamped);
    memset(&unclamped, 0, sizeof unclamped);
    for (int vector = 0; vector < v; vector++)
        for (int k = 0; k < repeats; k++) {
            clamp(vector, is_noisy);
            anneal(2 * v, last, is_noisy ? vector : -1, &clamped);
        }
    for (int k = 0; k < v * repeats; k++) anneal(0, last, -1, &unclamped);
    long p = unclamped.samples, q = clamped.samples;  /* compares p_ij with p'_ij as fractions */
    for (int i = 0; i < last; i++) {
        bias[i] += STEP * find_sign(clamped.on[i] * p, unclamped.on[i] * q);
        for (int j = 0; j < i; j++)
            if (is_linked[i][j]) {
                weight[i][j] += STEP * find_sign(clamped.both[i][j] * p, unclamped.both[i][j] * q);
                weight[j][i] = weight[i][j];
            }
    }
}

static int find_code(int vector) {
    int code = 0;
    for (int k = 2 * v; k < n; k++)
        code = 2 * code + (weight[k][vector] + weight[k][v + vector] + bias[k] > 0);
    return code;
}

static int count_codes(void) {
    int found = 0;
    for (int a = 0; a < v; a++) {
        int is_new = 1;
        for (int b = 0; b < a; b++) is_new &= find_code(a) != find_code(b);
        found += is_new;
    }
    return found;
}

/* V1 clamped, the rest anneals twice as long and down to 5: is just the right unit of V2 on? */
static int complete(int vector) {
    static const int times[TEMPERATURES] = {4, 4, 4, 8, 8, 8};
    clamp(vector, 0);
    randomize(v, n);
    for (int t = 0; t < 6; t++)
        for (int k = 0; k < times[t] * (n - v); k++) probe(v, n, t);
    for (int i = 0; i < v; i++)
        if (state[v + i] != (i == vector)) return 0;
    return 1;
}

static void begin(uint64_t seed, int machine) {
    seed_machine(seed, machine);
    memset(weight, 0, sizeof weight);
    memset(bias, 0, sizeof bias);
    memset(state, 0, sizeof state);
}

/* The first cycles with v - 1 and v codes, judged after every cycle and every tenth; 0 for never. */
static void print_times(int cycles) {
    int all = 0, less = 0, all_tenth = 0, less_tenth = 0;
    for (int cycle = 1; cycle <= cycles && !all_tenth; cycle++) {
        learn(n, 2, 1);
        int found = count_codes(), is_tenth = cycle % 10 == 0;
        if (found >= v - 1 && !less) less = cycle;
        if (found == v && !all) all = cycle;
        if (found >= v - 1 && !less_tenth && is_tenth) less_tenth = cycle;
        if (found == v && is_tenth) all_tenth = cycle;
    }
    printf("%d,%d,%d,%d\n", less, all, less_tenth, all_tenth);
}

static void print_tests(int cycles, int connect, int clean) {
    for (int cycle = 1; cycle <= cycles; cycle++) {
        int is_noisy = cycle > connect && cycle <= clean;
        learn(cycle > connect ? n : 2 * v, 1, is_noisy);
        int is_near = cycle > clean - 20 && cycle <= clean + 100;
        if (cycle % 100 == 0 || (is_near && cycle % 20 == 0)) {
            int right = 0;
            for (int k = 0; k < 10; k++)
                for (int vector = 0; vector < v; vector++) right += complete(vector);
            printf("%d:%d,", cycle, right);
        }
    }
    for (int i = 0; i < n; i++)  /* the lower triangle, with the bias of each unit at its end */
        for (int j = 0; j <= i; j++) printf(" %d", j == i ? bias[i] : weight[i][j]);
    printf("\n");
}

int main(int count_of_words, char **word) {
    if (count_of_words < 10) {
        fprintf(stderr, "encoder: the first lines of encoder.c say what to give\n");
        return 2;
    }
    reading = atoi(word[2]);
    v = atoi(word[3]);
    h = atoi(word[4]);
    n = 2 * v + h;
    fill_chances();
    width = (n + 15) / 16 * 16;
    on_to_off = atof(word[5]);
    off_to_on = atof(word[6]);
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            int a = i < v ? 0 : i < 2 * v ? 1 : 2, b = j < v ? 0 : j < 2 * v ? 1 : 2;
            is_linked[i][j] = i != j && (a == b ? a < 2 : a == 2 || b == 2);
        }
    for (int machine = 0; machine < atoi(word[8]); machine++) {
        begin(strtoull(word[7], NULL, 10), machine);
        if (!strcmp(word[1], "times")) print_times(atoi(word[9]));
        else print_tests(atoi(word[9]), atoi(word[10]), atoi(word[11]));
        fflush(stdout);
    }
    return 0;
}
