/* SPDX-License-Identifier: MIT */
/* Models by name: a denoiser with the shape and the schedule that go with it. */
#ifndef QUELL_MODEL_HPP
#define QUELL_MODEL_HPP

#include <memory>
#include <string>
#include <quell/denoiser.hpp>
#include <quell/model.h>
#include <quell/run.hpp>

namespace quell
{

/* A loaded model. After it was moved from, it may only be assigned to or destroyed. */
class model
{
  public:
    /* Loads "builtin:NAME", or a file: .json, .npy or .safetensors. precision: of a network's
     * weights, "stored", "bf16" or "bf16_products" (quell_model_load_as). */
    explicit model(const std::string &name, const std::string &precision = "stored")
        : handle_(load(name, precision)), denoiser_(borrowed(handle_.get()), false)
    {
    }

    /* Of a denoiser, with the shape of one sample and the spec of its schedule, "" if it asks for
     * none. */
    static model from_denoiser(const quell::denoiser &denoiser, span<const size_t> shape,
                               const std::string &schedule = {})
    {
        quell_model *made = nullptr;
        const size_t none = 0; // C takes no NULL, and says how many sizes there must be
        detail::check(quell_model_from_denoiser(
            &made, denoiser.get(), shape.size(), shape.empty() ? &none : shape.data(),
            schedule.empty() ? nullptr : detail::text("model: schedule", schedule)));
        return model(made);
    }

    model(model &&) noexcept = default;
    model &operator=(model &&) noexcept = default;

    /* Its denoiser, which is valid as long as the model; that of a temporary model holds the model
     * itself. */
    const quell::denoiser &denoiser() const & noexcept { return denoiser_; }
    quell::denoiser denoiser() &&
    {
        quell_denoiser *own = borrowed(get());
        return quell::denoiser(own, std::shared_ptr<const void>(std::move(handle_)));
    }

    /* The shape of one sample; of a temporary model a copy. */
    span<const size_t> shape() const & noexcept
    {
        return {quell_model_shape(get()), quell_model_rank(get())};
    }
    values<size_t> shape() const && { return shape(); }

    /* Whether it has a decoder, and the shape of what that makes of a sample; without one, that of
     * a sample. */
    bool decodes() const noexcept { return quell_model_decodes(get()) != 0; }
    span<const size_t> decoded_shape() const & noexcept
    {
        return {quell_model_decoded_shape(get()), quell_model_decoded_rank(get())};
    }
    values<size_t> decoded_shape() const && { return decoded_shape(); }

    /* Decodes samples x[count][dim] of this draw to out[count][product of the decoded shape]
     * (quell_model_decode). */
    void decode(const draw &what, span<const float> x, span<float> out, const run &how = {}) const
    {
        size_t dim = denoiser_.dim(), size = 1;
        size_t count = detail::expect_rows("decode: x", x.size(), dim);
        for (size_t extent : decoded_shape()) size *= extent;
        detail::expect("decode: out", out.size(), count * size);
        detail::running(what, how, dim, x.size())([&](auto *draw, auto *run) {
            return quell_model_decode(get(), draw, run, x.data(), out.data());
        });
    }

    /* Whether a sample, after decoding where there is a decoder, is an image with values in
     * [-1, 1]. */
    bool image() const noexcept { return quell_model_image(get()) != 0; }

    /* The spec of the schedule that it asks for, or "" if it asks for none. */
    std::string schedule() const { return quell_model_schedule(get()); }

    /* Writes a Gaussian or a mixture that was loaded as JSON that loads to the same bits
     * (quell_model_save). */
    void save(const std::string &path) const
    {
        detail::check(quell_model_save(handle_.get(), detail::text("model: path", path)));
    }

    /* For the C interface. */
    const quell_model *get() const noexcept { return handle_.get(); }

  private:
    struct free {
        void operator()(quell_model *old) const noexcept { quell_model_free(old); }
    };

    explicit model(quell_model *own) : handle_(own), denoiser_(borrowed(own), false) {}

    static quell_model *load(const std::string &name, const std::string &precision)
    {
        quell_model *model = nullptr;
        detail::check(quell_model_load_as(&model, detail::text("model: name", name),
                                          detail::text("model: precision", precision)));
        return model;
    }

    /* A quell::denoiser wants a handle that is not const. It will not free this one. */
    static quell_denoiser *borrowed(const quell_model *model) noexcept
    {
        return const_cast<quell_denoiser *>(quell_model_denoiser(model));
    }

    std::unique_ptr<quell_model, free> handle_;
    quell::denoiser denoiser_;
};

} // namespace quell
#endif
