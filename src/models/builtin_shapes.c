/* SPDX-License-Identifier: MIT */
/* Shapes: a data set that is drawn when it is loaded, so that there are images to sample without a
 * file. Each shape is a signed distance (negative inside) that is turned, scaled and shifted; the
 * grey of a pixel follows from the distance of its centre, which smooths the edges. */
#include "base/fail.h"
#include "base/maths.h"
#include "base/memory.h"
#include "models/builtin.h"
#include "models/model.h"

#include <stdint.h>
#include <stdlib.h>

#define SIDE 28
#define COUNT 4096
#define PI 3.14159265358979323846

static double larger(double a, double b) { return a > b ? a : b; }
static double smaller(double a, double b) { return a < b ? a : b; }

/* Each function takes a point in the coordinates of the shape, whose size is 1. */
static double disc(double x, double y) { return sqrt(x * x + y * y) - 1.0; }
static double ring(double x, double y) { return fabs(sqrt(x * x + y * y) - 0.8) - 0.22; }
static double square(double x, double y) { return larger(fabs(x), fabs(y)) - 0.8; }
static double frame(double x, double y) { return fabs(larger(fabs(x), fabs(y)) - 0.7) - 0.18; }

static double triangle(double x, double y)
{
    return larger(fabs(x) * 0.86602540378443865 + y * 0.5, -y) - 0.55;
}

static double bar(double x, double y, double width)
{
    return larger(fabs(x) - width, fabs(y) - 1.0);
}

static double cross(double x, double y) { return smaller(bar(x, y, 0.28), bar(y, x, 0.28)); }

/* Two triangles, one upside down. */
static double star(double x, double y) { return smaller(triangle(x, y), triangle(x, -y)); }

/* A disc without the part that another disc covers. */
static double moon(double x, double y) { return larger(disc(x, y), -disc(x - 0.6, y)); }

typedef double distance_fn(double x, double y);
static distance_fn *const shapes[] = {disc, ring, square, frame, triangle, cross, star, moon};
#define SHAPES (sizeof shapes / sizeof *shapes)

/* SplitMix64 (Steele et al., 2014): a uniform number in [low, high). */
static double uniform(uint64_t *state, double low, double high)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    z ^= z >> 31;
    return low + (high - low) * ((double)(z >> 11) * 0x1p-53);
}

static void draw(float *image, distance_fn *shape, uint64_t *state)
{
    double size = uniform(state, 5.0, 9.5), angle = uniform(state, 0.0, 2.0 * PI);
    double middle_x = uniform(state, size + 2.0, SIDE - size - 2.0);
    double middle_y = uniform(state, size + 2.0, SIDE - size - 2.0);
    double cosine = quell_cos(angle) / size, sine = quell_sin(angle) / size;
    for (int row = 0; row < SIDE; row++)
        for (int column = 0; column < SIDE; column++) {
            double x = column + 0.5 - middle_x, y = row + 0.5 - middle_y;
            double inside = -size * shape(cosine * x + sine * y, cosine * y - sine * x);
            image[row * SIDE + column] = (float)larger(-1.0, smaller(1.0, 2.0 * inside));
        }
}

quell_status quell_builtin_shapes(quell_model *model)
{
    float *points = quell_new((size_t)COUNT * SIDE * SIDE, sizeof *points);
    if (!points) return quell_fail(QUELL_NO_MEMORY, "model 'builtin:shapes': no memory");
    uint64_t state = 0;
    for (size_t i = 0; i < COUNT; i++) draw(points + i * SIDE * SIDE, shapes[i % SHAPES], &state);
    model->rank = 2;
    model->shape[0] = model->shape[1] = SIDE;
    model->image = 1;
    quell_status status =
        quell_denoiser_from_points(&model->denoiser, COUNT, (size_t)SIDE * SIDE, points);
    free(points);
    return status;
}
