/* SPDX-License-Identifier: MIT */
/* Denoisers: x_t -> E[X | X_t = x_t] under p(X_t | X) = N(alpha_t X, sigma_t^2 I). */
#ifndef QUELL_DENOISER_HPP
#define QUELL_DENOISER_HPP

#include <memory>
#include <string_view>
#include <utility>
#include <vector>
#include <quell/callback.hpp>
#include <quell/condition.hpp>
#include <quell/denoiser.h>
#include <quell/function.hpp>
#include <quell/guidance.hpp>
#include <quell/span.hpp>

namespace quell
{

/* Row i of vectors[dim][dim] is the eigenvector of values[i]. */
struct eigenbasis {
    std::vector<double> values;
    std::vector<double> vectors;
};

/* A denoiser never changes, and any number of threads may use it. After it was moved from, it may
 * only be assigned to or destroyed. Samplers and guided denoisers hold the denoisers that they are
 * made of, which may be destroyed before them. A mean that is left out is 0. */
class denoiser
{
  public:
    /* X ~ N(mean, variance I). */
    static denoiser from_isotropic(size_t dim, double variance = 1, span<const double> mean = {})
    {
        const double *means = detail::optional_data("isotropic: mean", mean, dim);
        return make(
            [&](auto **d) { return quell_denoiser_from_isotropic(d, dim, means, variance); });
    }

    /* X ~ N(mean, diag(variances)), with as many elements as there are variances. */
    static denoiser from_diagonal(span<const double> variances, span<const double> mean = {})
    {
        size_t dim = variances.size();
        const double *means = detail::optional_data("diagonal: mean", mean, dim);
        return make([&](auto **d) {
            return quell_denoiser_from_diagonal(d, dim, means, variances.data());
        });
    }

    /* X ~ N(mean, covariance[dim][dim]). The last bits depend on the machine; those of
     * from_eigenbasis do not. */
    static denoiser from_covariance(size_t dim, span<const double> covariance,
                                    span<const double> mean = {})
    {
        const double *means = detail::optional_data("covariance: mean", mean, dim);
        detail::expect("covariance", covariance.size(),
                       detail::product("covariance: dim", dim, dim));
        return make([&](auto **d) {
            return quell_denoiser_from_covariance(d, dim, means, covariance.data());
        });
    }

    /* The same from an eigenbasis: covariance = sum_i values[i] v_i v_i^T. */
    static denoiser from_eigenbasis(const quell::eigenbasis &basis, span<const double> mean = {})
    {
        size_t dim = basis.values.size();
        const double *means = detail::optional_data("eigenbasis: mean", mean, dim);
        detail::expect("eigenbasis: vectors", basis.vectors.size(),
                       detail::product("eigenbasis: dim", dim, dim));
        return make([&](auto **d) {
            return quell_denoiser_from_eigenbasis(d, dim, means, basis.values.data(),
                                                  basis.vectors.data());
        });
    }

    /* X ~ sum_k weights[k] N(means[k], variances[k] I), means[components][dim]. */
    static denoiser from_mixture(size_t dim, span<const double> weights, span<const double> means,
                                 span<const double> variances)
    {
        detail::expect("mixture: means", means.size(),
                       detail::product("mixture: dim", weights.size(), dim));
        detail::expect("mixture: variances", variances.size(), weights.size());
        return make([&](auto **d) {
            return quell_denoiser_from_mixture(d, weights.size(), dim, weights.data(), means.data(),
                                               variances.data());
        });
    }

    /* The same with diagonal covariances, variances[components][dim]. */
    static denoiser from_diagonal_mixture(size_t dim, span<const double> weights,
                                          span<const double> means, span<const double> variances)
    {
        detail::expect("mixture: means", means.size(),
                       detail::product("mixture: dim", weights.size(), dim));
        detail::expect("mixture: variances", variances.size(), weights.size() * dim);
        return make([&](auto **d) {
            return quell_denoiser_from_diagonal_mixture(d, weights.size(), dim, weights.data(),
                                                        means.data(), variances.data());
        });
    }

    /* X uniform over the rows of points[count][dim]. */
    static denoiser from_points(size_t dim, span<const float> points)
    {
        size_t count = detail::expect_rows("empirical: points", points.size(), dim, "dim, ");
        return make(
            [&](auto **d) { return quell_denoiser_from_points(d, count, dim, points.data()); });
    }

    /* A function of the caller's:
     *
     *     function(const quell_call &call, span<const float> input, span<float> output)
     *
     * reads input[rows][dim] and writes output[rows][dim]; callback.hpp says what it may return and
     * throw. It is called from many threads at once, except with whole_batch. It is moved here, and
     * lives as long as anything that holds this denoiser. Runs that call it must be started from
     * C++, or from C with NULL as quell_draw.context. */
    template <class F>
    static denoiser from_function(size_t dim, F function, const function_options &options = {})
    {
        static_assert(
            std::is_invocable_v<F &, const quell_call &, span<const float>, span<float>>,
            "takes (const quell_call &call, span<const float> input, span<float> output)");
        detail::refuse_empty("denoiser", function);
        auto own = std::make_unique<F>(std::move(function));
        quell_function_options c = quell_function_defaults();
        c.output = detail::text("function: output", options.output);
        c.precondition = detail::text("function: precondition", options.precondition);
        c.whole_batch = options.whole_batch;
        c.reproducible = options.reproducible;
        c.variance = detail::text("function: variance", options.variance);
        c.classes = options.classes;
        c.digest = options.digest;
        auto conditions = detail::c_conditions(options.conditions);
        c.conditions = conditions.empty() ? nullptr : conditions.data();
        c.condition_count = conditions.size();
        c.release = detail::destroy<F>;
        denoiser result = make([&](auto **d) {
            return quell_denoiser_from_function(d, dim, evaluate<F>, own.get(), &c);
        });
        own.release();
        return result;
    }

    /* `base` guided by another denoiser, or by itself for no class and no conditions
     * (quell_denoiser_from_guidance). */
    static denoiser from_guidance(const denoiser &base, const denoiser &guide,
                                  const guidance &how = {})
    {
        return guided_by(base, guide.get(), how);
    }
    static denoiser from_guidance(const denoiser &base, const guidance &how = {})
    {
        return guided_by(base, nullptr, how);
    }

    denoiser(denoiser &&) noexcept = default;
    denoiser &operator=(denoiser &&) noexcept = default;

    /* The eigenbasis of a denoiser made by from_covariance or from_eigenbasis. */
    quell::eigenbasis eigenbasis() const
    {
        quell::eigenbasis basis;
        basis.values.resize(dim());
        basis.vectors.resize(dim() * dim());
        detail::check(quell_denoiser_eigenbasis(get(), basis.values.data(), basis.vectors.data()));
        return basis;
    }

    /* The number of elements of a sample. */
    size_t dim() const noexcept { return quell_denoiser_dim(get()); }

    /* Whether a sample has the same bits whatever the machine, the threads and the batch. */
    bool reproducible() const noexcept { return quell_denoiser_reproducible(get()) != 0; }

    /* Its kind: "isotropic", "mixture", "function", ... */
    std::string_view kind() const noexcept { return quell_denoiser_kind(get()); }

    /* The number of classes, which draw.classes may ask for; 0: it has none. */
    size_t classes() const noexcept { return quell_denoiser_classes(get()); }

    /* The conditions that it takes, all of which draw.conditions must have. */
    std::vector<condition_info> conditions() const
    {
        std::vector<condition_info> all;
        size_t rank;
        const size_t *shape;
        for (size_t i = 0; i < quell_denoiser_conditions(get()); i++) {
            const char *name = quell_denoiser_condition(get(), i, &rank, &shape);
            all.push_back({name, std::vector<size_t>(shape, shape + rank)});
        }
        return all;
    }

    /* A digest of all that its output depends on (quell_denoiser_digest). */
    uint64_t digest() const noexcept { return quell_denoiser_digest(get()); }

    /* For the C interface. */
    const quell_denoiser *get() const noexcept { return handle_.get(); }

  private:
    friend class model;

    struct free {
        bool owned = true;                      /* false if a model owns the handle */
        std::shared_ptr<const void> model = {}; /* that model, if nothing else keeps it */
        void operator()(quell_denoiser *old) const noexcept
        {
            if (owned) quell_denoiser_free(old);
        }
    };

    explicit denoiser(quell_denoiser *made, bool owned) noexcept : handle_(made, free{owned}) {}
    denoiser(quell_denoiser *made, std::shared_ptr<const void> model) noexcept
        : handle_(made, free{false, std::move(model)})
    {
    }

    template <class Create> static denoiser make(Create &&create)
    {
        quell_denoiser *made = nullptr;
        detail::check(create(&made));
        return denoiser(made, true);
    }

    static denoiser guided_by(const denoiser &base, const quell_denoiser *guide,
                              const guidance &how)
    {
        quell_guidance c = detail::c_guidance(how);
        return make(
            [&](auto **d) { return quell_denoiser_from_guidance(d, base.get(), guide, &c); });
    }

    template <class F>
    static int evaluate(void *user, const quell_call *call, const float *input,
                        float *output) noexcept
    {
        size_t size = call->rows * call->dim;
        return detail::guarded(detail::slot_of(call->context), call->first, *static_cast<F *>(user),
                               *call, span<const float>(input, size), span<float>(output, size));
    }

    std::unique_ptr<quell_denoiser, free> handle_;
};

} // namespace quell
#endif
