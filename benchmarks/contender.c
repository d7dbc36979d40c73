/* The paper's simulation as one would write it in C, 16 networks side by side.
   With -DTUNED the sweep is arranged so that GCC keeps all of it in vector registers. */
#include <math.h>
#include <stdint.h>
#include <string.h>
#define LANES 16
#define V 4
#define H 2
#define EACH_LANE for (int l = 0; l < LANES; l++)
typedef struct { double W[H][V][LANES], b[H][LANES], U[V][H][LANES], c[V][LANES]; } weights;

#ifndef TUNED
static inline void squash(const double *x, double *y) {
    #pragma omp simd simdlen(8)
    EACH_LANE y[l] = 1.0 / (1.0 + exp(-x[l]));
}

static void sweep(weights *restrict w, double *restrict worst, double rate, double keep) {
    weights d;
    memset(&d, 0, sizeof d);
    EACH_LANE worst[l] = 0.0;
    for (int p = 0; p < V; p++) {
        double x[LANES], r[LANES], h1[H][LANES], h3[H][LANES], v2[V][LANES], e[V][LANES];
        for (int j = 0; j < H; j++) {
            EACH_LANE x[l] = w->b[j][l] + w->W[j][p][l];
            squash(x, h1[j]);
        }
        for (int i = 0; i < V; i++) {
            double v0 = i == p;
            EACH_LANE x[l] = w->c[i][l];
            for (int j = 0; j < H; j++) EACH_LANE x[l] += w->U[i][j][l] * h1[j][l];
            squash(x, r);
            EACH_LANE {
                double miss = fabs(v0 - r[l]);
                worst[l] = miss > worst[l] ? miss : worst[l];
                v2[i][l] = keep * v0 + (1.0 - keep) * r[l];
                e[i][l] = v0 - v2[i][l];
                d.c[i][l] += e[i][l];
            }
        }
        for (int j = 0; j < H; j++) {
            EACH_LANE x[l] = w->b[j][l];
            for (int i = 0; i < V; i++) EACH_LANE x[l] += w->W[j][i][l] * v2[i][l];
            squash(x, h3[j]);
            EACH_LANE {
                double g = h1[j][l] - (keep * h1[j][l] + (1.0 - keep) * h3[j][l]);
                d.b[j][l] += g;
                for (int i = 0; i < V; i++) {
                    d.W[j][i][l] += v2[i][l] * g;
                    d.U[i][j][l] += h1[j][l] * e[i][l];
                }
            }
        }
    }
    for (int k = 0; k < 22 * LANES; k++) ((double *)w)[k] += rate * ((double *)&d)[k];
}
#else
#define UNROLL _Pragma("GCC unroll 8")
static inline double squash(double x) { return 1.0 / (1.0 + exp(-x)); }

static void sweep(weights *restrict w, double *restrict worst, double rate, double keep) {
    #pragma omp simd
    EACH_LANE {
        double dW[H][V], db[H], dU[V][H], dc[V], largest = 0.0;
        UNROLL for (int i = 0; i < V; i++) {
            dc[i] = 0.0;
            UNROLL for (int j = 0; j < H; j++) dW[j][i] = dU[i][j] = db[j] = 0.0;
        }
        UNROLL for (int p = 0; p < V; p++) {
            double h1[H], v2[V], e[V];
            UNROLL for (int j = 0; j < H; j++) h1[j] = squash(w->b[j][l] + w->W[j][p][l]);
            UNROLL for (int i = 0; i < V; i++) {
                double v0 = i == p, x = w->c[i][l];
                UNROLL for (int j = 0; j < H; j++) x += w->U[i][j][l] * h1[j];
                double r = squash(x), miss = fabs(v0 - r);
                largest = miss > largest ? miss : largest;
                v2[i] = keep * v0 + (1.0 - keep) * r;
                e[i] = v0 - v2[i];
                dc[i] += e[i];
            }
            UNROLL for (int j = 0; j < H; j++) {
                double x = w->b[j][l];
                UNROLL for (int i = 0; i < V; i++) x += w->W[j][i][l] * v2[i];
                double g = h1[j] - (keep * h1[j] + (1.0 - keep) * squash(x));
                db[j] += g;
                UNROLL for (int i = 0; i < V; i++) {
                    dW[j][i] += v2[i] * g;
                    dU[i][j] += h1[j] * e[i];
                }
            }
        }
        worst[l] = largest;
        UNROLL for (int i = 0; i < V; i++) {
            w->c[i][l] += rate * dc[i];
            UNROLL for (int j = 0; j < H; j++) {
                w->W[j][i][l] += rate * dW[j][i];
                w->U[i][j][l] += rate * dU[i][j];
            }
        }
        UNROLL for (int j = 0; j < H; j++) w->b[j][l] += rate * db[j];
    }
}
#endif

void train(const double *initial, int64_t n, double rate, double keep, double threshold,
           int64_t cap, int32_t *updates, uint8_t *converged) {
    weights w;
    int64_t network[LANES], age[LANES], begun = 0, running = 0;
    memset(&w, 0, sizeof w);
    EACH_LANE network[l] = -1;
    do {
        double worst[LANES] = {0};
        if (running) sweep(&w, worst, rate, keep);
        EACH_LANE {
            int below = worst[l] < threshold;
            if (network[l] >= 0 && (below || age[l] >= cap)) {
                updates[network[l]] = age[l];
                converged[network[l]] = below;
                network[l] = -1;
                running--;
            }
            age[l]++;
            if (network[l] < 0 && begun < n) {
                for (int k = 0; k < 22; k++)
                    ((double *)&w)[k * LANES + l] = initial[begun * 22 + k];
                network[l] = begun++;
                age[l] = 0;
                running++;
            }
        }
    } while (running);
}
