/* SPDX-License-Identifier: MIT */
/* Functions of one to three operands on a rectangle of elements (docs/programs.md, "map"). An
 * operand may be repeated along a row or along the columns. */

/* A vector of elements of operand k, or its one element for this row. */
#define MAP_OPERAND(k) m->column[k] ? v_load(in[k] + i) : one[k]
#define MAP_REST(k) m->column[k] ? v_load_n(in[k] + i, count - i) : one[k]

#define MAP(name, operands, value)                     \
    static void rect_##name(const struct quell_map *m) \
    {                                                  \
        for (size_t row = 0; row < m->rows; row++) {   \
            const size_t count = m->columns;           \
            const float *in[3];                        \
            float *out = m->out + row * m->out_row;    \
            vf one[3];                                 \
            size_t i = 0;                              \
            for (size_t k = 0; k < operands; k++) {    \
                in[k] = m->in[k] + row * m->row[k];    \
                one[k] = v_set1(*in[k]);               \
            }                                          \
            for (; i + LANES <= count; i += LANES) {   \
                vf a = MAP_OPERAND(0), b = a, c = a;   \
                if (operands > 1) b = MAP_OPERAND(1);  \
                if (operands > 2) c = MAP_OPERAND(2);  \
                (void)b, (void)c;                      \
                v_store(out + i, value);               \
            }                                          \
            if (i < count) {                           \
                vf a = MAP_REST(0), b = a, c = a;      \
                if (operands > 1) b = MAP_REST(1);     \
                if (operands > 2) c = MAP_REST(2);     \
                (void)b, (void)c;                      \
                v_store_n(out + i, value, count - i);  \
            }                                          \
        }                                              \
    }

VERB vf v_negative(vf a) { return v_from_bits(v_ixor(v_bits(a), v_iset1(0x80000000u))); }
VERB vf v_magnitude(vf a) { return v_from_bits(v_iand(v_bits(a), v_iset1(0x7fffffffu))); }
VERB vm v_nan(vf a)
{
    return v_iless(v_iset1(0x7f800000u), v_iand(v_bits(a), v_iset1(0x7fffffffu)));
}
VERB vf v_greater(vf a, vf b) { return v_select(v_nan(a), a, v_max(a, b)); }
VERB vf v_lesser(vf a, vf b) { return v_select(v_nan(a), a, v_min(a, b)); }
VERB vf v_truth(vm m) { return v_select(m, v_set1(1.0f), v_set1(0.0f)); }
VERB vf v_where(vf a, vf b, vf c)
{
    vm nothing = v_iequal(v_bits(v_magnitude(a)), v_iset1(0));
    return v_select(nothing, c, b);
}
VERB vf v_elu(vf a, vf b) { return v_select(v_less(v_set1(0.0f), a), a, v_mul(b, v_expm1(a))); }

MAP(abs, 1, v_magnitude(a))
MAP(add, 2, v_add(a, b))
MAP(clamp, 3, v_lesser(v_greater(a, b), c))
MAP(div, 2, v_div(a, b))
MAP(elu, 2, v_elu(a, b))
MAP(exp, 1, v_exp_wide(a))
MAP(expm1, 1, v_expm1(a))
MAP(fma, 3, v_fma(a, b, c))
MAP(gelu, 1, v_gelu(a))
MAP(gelu_tanh, 1, v_gelu_tanh(a))
MAP(gt, 2, v_truth(v_less(b, a)))
MAP(leaky_relu, 2, v_select(v_less(a, v_set1(0.0f)), v_mul(b, a), a))
MAP(lt, 2, v_truth(v_less(a, b)))
MAP(max, 2, v_greater(a, b))
MAP(min, 2, v_lesser(a, b))
MAP(mish, 1, v_mish(a))
MAP(mul, 2, v_mul(a, b))
MAP(neg, 1, v_negative(a))
MAP(reciprocal, 1, v_div(v_set1(1.0f), a))
MAP(relu, 1, v_relu(a))
MAP(relu2, 1, v_relu2(a))
MAP(rsqrt, 1, v_div(v_set1(1.0f), v_sqrt(a)))
MAP(selu, 1, v_selu(a))
MAP(sigmoid, 1, v_sigmoid(a))
MAP(silu, 1, v_silu(a))
MAP(softplus, 1, v_softplus(a))
MAP(sqrt, 1, v_sqrt(a))
MAP(square, 1, v_mul(a, a))
MAP(sub, 2, v_sub(a, b))
MAP(tanh, 1, v_tanh(a))
MAP(where, 3, v_where(a, b, c))
