! SPDX-License-Identifier: MIT
! What contradicts is refused: texts with a NUL, negative counts, arrays of another shape. Slices
! and arrays of no samples are taken as they are.
module refused
    use quell
    use checking
    use functions
    use, intrinsic :: ieee_arithmetic, only: ieee_is_nan, ieee_value, ieee_positive_inf
    use, intrinsic :: iso_c_binding
    implicit none
    private
    public :: check_refused

    character, parameter :: nul = c_null_char
    logical :: seen = .false. ! the step below has met what it should

contains

    subroutine check_refused(schedule)
        type(quell_schedule), intent(in) :: schedule
        type(quell_denoiser) :: denoiser
        type(quell_sampler) :: sampler
        call quell_denoiser_from_mixture(denoiser, [1d0, 3d0], &
            reshape([-2d0, 0d0, 1d0, 2d0, 1d0, 0d0], [3, 2]), [0.1d0, 0.2d0])
        call quell_sampler_create(sampler, 'ddpm', denoiser, schedule, &
            quell_sampler_options(steps=4))
        call check_texts(denoiser, schedule)
        call check_counts(denoiser, schedule)
        call check_effects(denoiser, schedule)
        call check_runs(sampler)
        call check_noise()
        call check_slices(sampler)
        call check_empty(sampler)
        call check_step(denoiser, schedule)
        call quell_sampler_free(sampler)
        call quell_denoiser_free(denoiser)
    end subroutine

    ! It was refused, and `word` says why.
    subroutine is_refused(stat, errmsg, word, what)
        integer, intent(in) :: stat
        character(*), intent(in) :: errmsg, word, what
        call check(stat == QUELL_BAD_ARGUMENT .and. index(errmsg, word) > 0, &
            what // ': ' // trim(errmsg))
    end subroutine

    subroutine check_texts(denoiser, schedule)
        type(quell_denoiser), intent(in) :: denoiser
        type(quell_schedule), intent(in) :: schedule
        type(quell_denoiser) :: other
        type(quell_schedule) :: named
        type(quell_sampler) :: sampler
        type(quell_sampler_options) :: options
        type(quell_model) :: model
        integer :: stat
        character(200) :: errmsg
        call quell_schedule_create(named, 'vp' // nul // ':sigma_min=1', stat, errmsg)
        call is_refused(stat, errmsg, 'NUL', 'schedule')
        call quell_sampler_create(sampler, 'ddim' // nul // ':eta=1', denoiser, schedule, &
            stat=stat, errmsg=errmsg)
        call is_refused(stat, errmsg, 'NUL', 'sampler')
        options%grid = 'karras' // nul // 'x'
        call quell_sampler_create(sampler, 'ddim', denoiser, schedule, options, stat, errmsg)
        call is_refused(stat, errmsg, 'NUL', 'grid')
        call quell_model_load(model, 'builtin:grid25' // nul // 'x', stat, errmsg)
        call is_refused(stat, errmsg, 'NUL', 'model')
        call quell_model_load(model, 'builtin:grid25')
        call quell_model_save(model, 'a.json' // nul // 'b', stat, errmsg)
        call is_refused(stat, errmsg, 'NUL', 'path')
        call quell_model_free(model)
        call quell_denoiser_from_function(other, 3_c_size_t, halve, output='x0' // nul // 'x', &
            stat=stat, errmsg=errmsg)
        call is_refused(stat, errmsg, 'NUL', 'output')
        call check(.not. quell_isa_available('scalar' // nul // 'x'), 'an instruction set')
    end subroutine

    ! What has no effect is refused as in C, by the same words.
    subroutine check_effects(denoiser, schedule)
        type(quell_denoiser), intent(in) :: denoiser
        type(quell_schedule), intent(in) :: schedule
        call of(quell_sampler_options(brownian=.true.), 'ddim', &
            "brownian has no effect: 'ddim' draws no noise")
        call of(quell_sampler_options(steps=64), 'dpm_adaptive', &
            "steps has no effect: 'dpm_adaptive' chooses its own steps")
        call of(quell_sampler_options(grid='linear'), 'dpm_adaptive', 'grid has no effect')
        call of(quell_sampler_options(times=[1d0, 0.5d0, 0d0]), 'dpm_adaptive', &
            'times has no effect beyond its ends')
        call of(quell_sampler_options(times=[1d0, 0.5d0, 0d0], grid='linear'), 'ddim', &
            'times are given and so is grid')
        call of(quell_sampler_options(times=[1d0, 0.5d0, 0d0], stop=0.1d0), 'ddim', &
            'times are given, and so are start')
        call of(quell_sampler_options(threshold=0.9d0, clamp_low=-1d0), 'ddim', &
            'threshold is set and so is a clamp')
        call of(quell_sampler_options(threshold_max=2d0), 'ddim', 'but threshold is 0')
        call of(quell_sampler_options(times=[0.9d0, 0.1d0]), 'dpm_adaptive', '')
        call of(quell_sampler_options(brownian=.true.), 'ddpm', '')
        call of(quell_sampler_options(), 'dpm_adaptive', '')
    contains
        subroutine of(options, spec, says)
            type(quell_sampler_options), intent(in) :: options
            character(*), intent(in) :: spec, says
            type(quell_sampler) :: sampler
            integer :: stat
            character(200) :: errmsg
            call quell_sampler_create(sampler, spec, denoiser, schedule, options, stat, errmsg)
            if (says == '') then
                call check(stat == QUELL_OK, spec // ' is taken')
                call quell_sampler_free(sampler)
            else
                call is_refused(stat, errmsg, says, spec)
            end if
        end subroutine
    end subroutine

    subroutine check_counts(denoiser, schedule)
        type(quell_denoiser), intent(in) :: denoiser
        type(quell_schedule), intent(in) :: schedule
        type(quell_denoiser) :: other
        type(quell_sampler) :: sampler
        type(quell_sampler_options) :: options
        integer :: stat
        character(200) :: errmsg
        call quell_denoiser_from_isotropic(other, -1_c_size_t, 1d0, stat=stat, errmsg=errmsg)
        call is_refused(stat, errmsg, '-1', 'dim')
        call quell_denoiser_from_function(other, -3_c_size_t, halve, stat=stat, errmsg=errmsg)
        call is_refused(stat, errmsg, '-3', 'dim of a procedure')
        call quell_denoiser_from_function(other, 3_c_size_t, halve, classes=-2_c_size_t, &
            stat=stat, errmsg=errmsg)
        call is_refused(stat, errmsg, '-2', 'classes')
        options%steps = -5
        call quell_sampler_create(sampler, 'ddim', denoiser, schedule, options, stat, errmsg)
        call is_refused(stat, errmsg, '-5', 'steps')
        options = quell_sampler_options()
        allocate(options%times(0))
        call quell_sampler_create(sampler, 'ddim', denoiser, schedule, options, stat, errmsg)
        call is_refused(stat, errmsg, 'times has 0, must have 2 or more', 'no times')
        options = quell_sampler_options(steps=8, sigmas=[3d0, 1d0])
        call quell_sampler_create(sampler, 'ddim', denoiser, schedule, options, stat, errmsg)
        call is_refused(stat, errmsg, 'steps is 8, but there are 2 sigmas, ', 'steps and sigmas')
        options = quell_sampler_options(prior_mean=[1d0, 2d0])
        call quell_sampler_create(sampler, 'ddim', denoiser, schedule, options, stat, errmsg)
        call is_refused(stat, errmsg, 'prior_dim is 2, must be 1 or 3: the number', 'two means')
        options = quell_sampler_options(prior_mean=[1d0, 2d0, 1d31])
        call quell_sampler_create(sampler, 'ddim', denoiser, schedule, options, stat, errmsg)
        call is_refused(stat, errmsg, 'prior_mean(3) is 1e+31', 'the third of three')
        options = quell_sampler_options(times=[1d0, 0d0], sigmas=[1d0, 0d0])
        call quell_sampler_create(sampler, 'ddim', denoiser, schedule, options, stat, errmsg)
        call is_refused(stat, errmsg, 'sigmas', 'times and sigmas')
    end subroutine

    subroutine check_runs(sampler)
        type(quell_sampler), intent(in) :: sampler
        real(c_float) :: x(3, 4), mean(3, 5)
        integer :: stat
        character(200) :: errmsg
        x = 1
        call quell_sample_prior(sampler, quell_draw(first=-1), x, stat=stat, errmsg=errmsg)
        call is_refused(stat, errmsg, 'first is -1', 'first')
        call quell_sample_from(sampler, quell_draw(), x, quell_run(threads=-2), stat, errmsg)
        call is_refused(stat, errmsg, 'threads is -2', 'threads')
        call quell_step(sampler, quell_draw(), 1d0, 0.5d0, x, quell_run(tile=-3), stat, errmsg)
        call is_refused(stat, errmsg, 'tile is -3', 'tile')
        call quell_sample_from(sampler, quell_draw(), x, quell_run(isa='scalar' // nul // 'x'), &
            stat, errmsg)
        call is_refused(stat, errmsg, 'NUL', 'isa')
        call quell_denoise(sampler, quell_draw(), 0.5d0, x, mean, stat=stat, errmsg=errmsg)
        call is_refused(stat, errmsg, 'shape', 'another shape')
        call check(all(x == 1), 'x is as it was')
        x(3, 2) = ieee_value(1.0, ieee_positive_inf)
        call quell_sample_from(sampler, quell_draw(), x, stat=stat, errmsg=errmsg)
        call check(stat == QUELL_NOT_FINITE .and. index(errmsg, 'x(3, 2) is inf') > 0, errmsg)
        call check(index(quell_error_message(), 'x(3, 2) is inf') > 0, 'the last message')
    end subroutine

    subroutine check_noise()
        real(c_float) :: noise(4)
        integer :: stat
        character(200) :: errmsg
        call quell_noise(7_c_int64_t, QUELL_STREAM_INIT, -1_c_int64_t, 0_c_int64_t, noise, stat, &
            errmsg)
        call is_refused(stat, errmsg, 'sample is -1', 'noise of a sample')
        call quell_noise(7_c_int64_t, QUELL_STREAM_INIT, 0_c_int64_t, -1_c_int64_t, noise, stat, &
            errmsg)
        call is_refused(stat, errmsg, 'element is -1', 'noise of an element')
        call quell_noise_brownian(7_c_int64_t, 0, 0.5d0, 0.25d0, -1_c_int64_t, 0_c_int64_t, noise, &
            stat, errmsg)
        call is_refused(stat, errmsg, 'sample is -1', 'Brownian noise')
        call check(quell_stream(3, 2) == 27, 'a stream')
        call check(quell_stream(2**28, 1) == -huge(1) + 1, 'a stream from 2^31 on')
    end subroutine

    ! Parts of arrays whose elements do not lie one after the other, forwards and backwards.
    subroutine check_slices(sampler)
        type(quell_sampler), intent(in) :: sampler
        type(quell_draw) :: draw
        real(c_float) :: x(3, 10), mean(3, 10), wide(7, 21), means(6, 10)
        draw%seed = 3
        wide = 0
        means = 0
        call quell_sample_prior(sampler, draw, x)
        call quell_sample_prior(sampler, draw, wide(2:6:2, 20:2:-2))
        call check(all(wide(2:6:2, 20:2:-2) == x), 'x_1 in a slice')
        call quell_denoise(sampler, draw, 0.5d0, x, mean)
        call quell_denoise(sampler, draw, 0.5d0, wide(2:6:2, 20:2:-2), means(5:1:-2, :))
        call check(all(means(5:1:-2, :) == mean), 'means in a slice')
        call quell_step(sampler, draw, 1d0, 0.5d0, x)
        call quell_step(sampler, draw, 1d0, 0.5d0, wide(2:6:2, 20:2:-2))
        call check(all(wide(2:6:2, 20:2:-2) == x), 'a step in a slice')
        call quell_sample_from(sampler, draw, x)
        call quell_sample_from(sampler, draw, wide(2:6:2, 20:2:-2))
        call check(all(wide(2:6:2, 20:2:-2) == x), 'x_0 in a slice')
        wide(2:6:2, 20:2:-2) = 0
        means(5:1:-2, :) = 0
        call check(all(wide == 0) .and. all(means == 0), 'what lies between')
    end subroutine

    subroutine check_empty(sampler)
        type(quell_sampler), intent(in) :: sampler
        type(quell_draw) :: draw
        real(c_float) :: x(3, 0), wrong(2, 0), none(0)
        integer :: stat
        allocate(draw%classes(0))
        call quell_sample(sampler, draw, x)
        call quell_step(sampler, draw, 1d0, 0.5d0, x)
        call quell_denoise(sampler, draw, 0.5d0, x, x)
        call quell_noise(7_c_int64_t, QUELL_STREAM_INIT, 0_c_int64_t, 0_c_int64_t, none)
        call quell_sample_from(sampler, draw, wrong, stat=stat)
        call check(stat == QUELL_BAD_ARGUMENT, 'no samples of another dim')
        call quell_denoise(sampler, draw, 2d0, x, x, stat=stat)
        call check(stat == QUELL_BAD_ARGUMENT, 'no samples at no time')
    end subroutine

    subroutine check_step(denoiser, schedule)
        type(quell_denoiser), intent(in) :: denoiser
        type(quell_schedule), intent(in) :: schedule
        type(quell_sampler) :: sampler
        real(c_float) :: x(3, 4)
        integer :: stat
        call quell_sampler_from_step(sampler, narrow, denoiser, schedule)
        x = 1
        call quell_step(sampler, quell_draw(), 1d0, 0.5d0, x, quell_run(threads=1), stat)
        call check(seen .and. stat == QUELL_NOT_FINITE, 'shapes within a step')
        call quell_sampler_free(sampler)
    end subroutine

    ! Offers arrays that are too small, and goes on as if there were an output.
    recursive subroutine narrow(transition, t, s, x, stat)
        type(quell_transition), intent(in) :: transition
        type(quell_point), intent(in) :: t, s
        real(c_float), intent(inout) :: x(:, :)
        integer, intent(inout) :: stat
        real(c_float) :: small(2, 4)
        integer :: one, two, three
        call quell_transition_denoise(transition, t, x, small, one)
        call quell_transition_denoise(transition, t, small, x, two)
        call quell_transition_noise(transition, 0, small, three)
        seen = all([one, two, three] == QUELL_BAD_ARGUMENT) .and. &
            all(ieee_is_nan(x)) .and. all(ieee_is_nan(small))
        if (s%t > t%t) stat = -1
    end subroutine
end module
