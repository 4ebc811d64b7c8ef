! SPDX-License-Identifier: MIT
! The Fortran modules: the bits of C, procedures of the caller's, errors and lengths.
program test_fortran
    use quell
    use checking
    use conditions
    use streams
    use functions
    use hosts
    use layouts
    use lists
    use plans
    use quantizing
    use refused
    use, intrinsic :: iso_c_binding
    implicit none

    interface
        integer(c_int) function in_c_draw(own, count, x) bind(c)
            import
            integer(c_int), value :: own
            integer(c_size_t), value :: count
            real(c_float) :: x(*)
        end function
    end interface

    real(c_double), parameter :: weights(2) = [1, 3], variances(2) = [0.1d0, 0.2d0], &
        means(3, 2) = reshape([-2d0, 0d0, 1d0, 2d0, 1d0, 0d0], [3, 2])
    real(c_float) :: x(3, 200), expected(3, 200)
    type(quell_schedule) :: schedule
    type(quell_sampler_options) :: options
    type(quell_draw) :: from
    type(quell_run) :: run
    integer :: stat
    character(200) :: errmsg

    options%steps = 6
    options%grid = 'karras'
    from%seed = 7
    from%first = 100
    call quell_schedule_create(schedule, 'cosine')

    call check_layouts()
    call check_mixture()
    call check_functions()
    call check_conditions()
    call check_streams()
    call check_steps()
    call check_others()
    call check_models()
    call check_errors()
    call check_lists()
    call check_noises()
    call check_plans()
    call check_quantizing()
    call check_refused(schedule)
    call check_hosts(schedule)
    call quell_schedule_free(schedule)
    call quell_schedule_free(schedule)
    if (failures > 0) error stop 1
    print '(a)', 'the Fortran modules do what C does'

contains

    subroutine check_mixture()
        type(quell_denoiser) :: denoiser
        type(quell_sampler) :: sampler
        type(quell_point), allocatable :: grid(:)
        real(c_double), allocatable :: levels(:)
        integer :: i
        call check(size(quell_sampler_grid(sampler)) == 0, 'the grid of no sampler')
        call check(in_c_draw(0, 200_c_size_t, expected) == 0, 'C draws')
        call quell_denoiser_from_mixture(denoiser, weights, means, variances)
        call quell_sampler_create(sampler, 'ddim:eta=0.5', denoiser, schedule, options)
        call check(quell_denoiser_dim(denoiser) == 3 .and. quell_denoiser_reproducible(denoiser) &
            .and. quell_denoiser_kind(denoiser) == 'mixture', 'what a mixture is')
        call check(quell_denoiser_digest(denoiser) /= 0 .and. quell_sampler_digest(sampler) /= 0 &
            .and. quell_denoiser_digest(denoiser) /= quell_sampler_digest(sampler), 'digests')
        call quell_denoiser_free(denoiser)
        call draw(sampler)
        call check(all(transfer(x, [0]) == transfer(expected, [0])), 'the bits of a mixture')
        call check(quell_sampler_dim(sampler) == 3 .and. quell_sampler_steps(sampler) == 6 .and. &
            quell_sampler_evaluations(sampler) == 6, 'what a sampler is')
        grid = quell_sampler_grid(sampler)
        levels = (grid%sigma / grid%alpha)**(1 / 7d0) ! even in Karras's grid
        call check(size(grid) == 7 .and. grid(1)%t == 1 .and. grid(7)%t == 0, 'the ends of a grid')
        call check(all(abs(levels - [(levels(1) + i * (levels(7) - levels(1)) / 6, i = 0, 6)]) &
            < 1d-12), 'the grid')
        ! In place, in parts, with what watches it.
        run%progress => progress
        run%observe => observe
        run%threads = 2
        run%isa = 'scalar'
        x = 0
        call quell_sample(sampler, from, x(:, 1:150), run)
        call check(told == 900, 'progress')
        call check(all(observed(0:149) == 6) .and. all(observed(150:) == 0), 'observed')
        call quell_sample(sampler, quell_draw(seed=7, first=250), x(:, 151:))
        call check(all(x == expected), 'parts of x')
        call quell_sampler_free(sampler)
    end subroutine

    subroutine check_functions()
        type(quell_denoiser) :: denoiser, told
        type(quell_sampler) :: sampler
        integer(c_int64_t) :: sample = -1
        integer(c_size_t) :: transition = -1
        type(halving), target :: own
        call check(in_c_draw(1, 200_c_size_t, expected) == 0, 'C draws')
        call quell_denoiser_from_function(denoiser, 3_c_size_t, halve)
        call quell_denoiser_from_function(told, 3_c_size_t, halve, digest=7_c_int64_t)
        call check(quell_denoiser_digest(told) /= quell_denoiser_digest(denoiser), 'its own digest')
        call quell_denoiser_free(told)
        call quell_sampler_create(sampler, 'ddim:eta=0.5', denoiser, schedule, options)
        call quell_denoiser_free(denoiser)
        call draw(sampler)
        call check(all(x == expected), 'the bits of a procedure')
        from%first = 1003
        call quell_sample_from(sampler, from, x, stat=stat, errmsg=errmsg)
        call check(stat == QUELL_DENOISER_FAILED, 'an error of the procedure')
        call check(quell_error_sample(sample, transition), 'no sample is known')
        call check(sample >= 1003 .and. transition == 0, 'where it was')
        call check(index(errmsg, 'sample 1') > 0, 'errmsg: ' // errmsg)
        from%first = 2000
        call quell_sample_from(sampler, from, x, stat=stat)
        call check(stat == QUELL_STOPPED, 'a stop by the procedure')
        from%first = 100
        run = quell_run(progress=progress)
        call quell_sample_from(sampler, from, x(:, 1:11), run, stat)
        call check(stat == QUELL_STOPPED, 'a stop by progress')
        call check(.not. quell_error_sample(sample), 'a stop in no sample')
        run = quell_run()
        call quell_sampler_free(sampler)

        call quell_denoiser_from_function(denoiser, 3_c_size_t, own, reproducible=.true.)
        call check(quell_denoiser_reproducible(denoiser), 'reproducible')
        call quell_sampler_create(sampler, 'ddim:eta=0.5', denoiser, schedule, options)
        call draw(sampler)
        call check(all(x == expected) .and. sum(own%rows) == 1200, 'an object')
        own%shift = 1
        call draw(sampler)
        call check(all(x(1, :) > expected(1, :)), 'data of an object')
        call quell_sampler_free(sampler)
        call quell_denoiser_free(denoiser)
    end subroutine

    subroutine check_steps()
        type(quell_denoiser) :: denoiser
        type(quell_schedule) :: own
        type(quell_sampler) :: sampler
        real(c_double) :: alpha, sigma
        real(c_float) :: mean(3, 200)
        integer :: i
        call quell_schedule_from_function(own, straight)
        call quell_schedule_at(own, 0.5d0, alpha, sigma)
        call check(alpha == 1 - 0.9d0 * 0.5d0 .and. sigma == 0.1d0 + 0.5d0, 'a schedule')
        call quell_denoiser_from_function(denoiser, 3_c_size_t, halve)
        call quell_sampler_from_step(sampler, to_mean, denoiser, own, options)
        call quell_sample_prior(sampler, from, x)
        expected = x / 2**6
        call quell_denoise(sampler, from, 0.5d0, x, mean)
        call check(all(mean == x / 2), 'denoise')
        call quell_sample_from(sampler, from, x)
        call check(all(x == expected), 'steps')
        do i = 1, 2
            call quell_step(sampler, from, 0.5d0, 0.25d0, x)
        end do
        call check(all(x == expected / 4), 'one step')
        call quell_sampler_free(sampler)
        call quell_schedule_free(own)
        call quell_denoiser_free(denoiser)
    end subroutine

    subroutine check_others()
        type(quell_denoiser) :: full, eigen, guided, other
        type(quell_schedule) :: betas
        real(c_double), allocatable :: values(:), vectors(:, :)
        real(c_double) :: first, last, sigma
        call quell_denoiser_from_covariance(full, reshape([2d0, 1d0, 1d0, 2d0], [2, 2]), [5d0, 6d0])
        call quell_denoiser_eigenbasis(full, values, vectors)
        call quell_denoiser_from_eigenbasis(eigen, values, vectors, [5d0, 6d0])
        call check(abs(sum(values) - 4) < 1e-6 .and. quell_denoiser_dim(eigen) == 2, 'eigen')
        call quell_denoiser_from_isotropic(other, 2_c_size_t, 2d0)
        call quell_denoiser_from_guidance(guided, full, other, weight=1.5d0, high=0.9d0)
        call quell_denoiser_free(eigen)
        call quell_denoiser_free(guided)
        call quell_denoiser_from_guidance(guided, full, other, times=[0d0, 1d0], weights=[1d0, 2d0])
        call quell_denoiser_free(guided)
        call quell_denoiser_free(other)
        call quell_denoiser_free(full)
        call quell_denoiser_from_diagonal(full, [1d0, 4d0])
        call quell_denoiser_free(full)
        call quell_denoiser_from_diagonal_mixture(full, weights, means, means**2)
        call quell_denoiser_free(full)
        call quell_denoiser_from_points(full, expected)
        call check(quell_denoiser_dim(full) == 3 .and. quell_denoiser_classes(full) == 0, 'points')
        call quell_denoiser_free(full)

        call quell_schedule_from_betas(betas, [0.1d0, 0.2d0, 0.3d0])
        call quell_schedule_at(betas, 0d0, first, sigma)
        call quell_schedule_at(betas, 1d0, last, sigma)
        call check(first > last, 'betas')
        call quell_schedule_free(betas)
    end subroutine

    subroutine check_models()
        type(quell_model) :: grid, glyphs
        call quell_model_load(grid, 'builtin:grid25')
        call check(all(grid%shape == [2]) .and. .not. grid%image, 'a model')
        call check(quell_denoiser_dim(grid%denoiser) == 2, 'its denoiser')
        call quell_model_load(glyphs, 'builtin:glyphs')
        call check(all(glyphs%shape == [28, 28]) .and. glyphs%image, 'an image')
        call quell_model_save(glyphs, 'nowhere.json', stat)
        call check(stat == QUELL_UNSUPPORTED, 'saving a network')
        call quell_model_free(grid)
        call quell_model_free(grid)
        call quell_model_from_denoiser(grid, glyphs%denoiser, [7_c_size_t, 112_c_size_t], 'cosine')
        call check(all(grid%shape == [7, 112]) .and. grid%schedule == 'cosine', 'a model made')
        call check(quell_denoiser_digest(grid%denoiser) == quell_denoiser_digest(glyphs%denoiser), &
            'of a denoiser')
        call quell_model_free(grid)
        call quell_model_from_denoiser(grid, glyphs%denoiser, [7_c_size_t], stat=stat)
        call check(stat == QUELL_BAD_ARGUMENT, 'a shape of another product')
        call quell_model_free(glyphs)
        call quell_model_load(grid, 'builtin:nonsense', stat, errmsg)
        call check(stat == QUELL_NOT_FOUND .and. index(errmsg, 'nonsense') > 0, 'no such model')
        call quell_model_load_as(glyphs, 'builtin:glyphs', 'bf16')
        call quell_model_load_as(grid, 'builtin:glyphs', 'stored')
        call check(quell_denoiser_digest(grid%denoiser) /= quell_denoiser_digest(glyphs%denoiser), &
            'a precision')
        call quell_model_free(grid)
        call quell_model_free(glyphs)
        call quell_model_load_as(grid, 'builtin:grid25', 'bf16', stat, errmsg)
        call check(stat == QUELL_UNSUPPORTED, 'a precision of a mixture')
    end subroutine

    subroutine check_errors()
        type(quell_denoiser) :: denoiser
        type(quell_schedule) :: none
        type(quell_sampler) :: sampler
        type(quell_sampler_options) :: bad
        errmsg = 'as it was'
        call quell_schedule_create(none, 'nonsense', stat, errmsg)
        call check(stat == QUELL_NOT_FOUND .and. index(errmsg, 'nonsense') > 0, 'a name')
        call check(quell_status_name(stat) == 'QUELL_NOT_FOUND', 'the name of a status')
        errmsg = 'as it was'
        call quell_denoiser_from_isotropic(denoiser, 3_c_size_t, 1d0, stat=stat, errmsg=errmsg)
        call check(stat == QUELL_OK .and. errmsg == 'as it was', 'success')
        call quell_sampler_create(sampler, 'ddim', denoiser, none, stat=stat)
        call check(stat == QUELL_BAD_ARGUMENT, 'no schedule')
        bad%prior_mean = [1d0, 2d0, 3d0]
        bad%prior_variance = [1d0]
        call quell_sampler_create(sampler, 'ddim', denoiser, schedule, bad, stat)
        call check(stat == QUELL_BAD_ARGUMENT, 'lengths of init')
        call quell_sample_from(sampler, from, x, stat=stat)
        call check(stat == QUELL_BAD_ARGUMENT, 'no sampler')
        bad%prior_variance = [1d0, 1d0, 1d0]
        bad%clamp_low = -1
        bad%times = [1d0, 0.5d0, 0d0]
        call quell_sampler_create(sampler, 'ddim', denoiser, schedule, bad)
        call check(quell_sampler_steps(sampler) == 2, 'times')
        call quell_sample_from(sampler, from, x(1:2, :), stat=stat)
        call check(stat == QUELL_BAD_ARGUMENT, 'the dim of x')
        from%classes = [1, 2]
        call quell_sample_from(sampler, from, x, stat=stat)
        call check(stat == QUELL_BAD_ARGUMENT, 'the number of classes')
        deallocate(from%classes)
        run%isa = 'nonsense'
        call quell_sample_from(sampler, from, x, run, stat)
        call check(stat == QUELL_NOT_FOUND, 'no such instruction set')
        call quell_sampler_free(sampler)
        call quell_denoiser_free(denoiser)
        call quell_denoiser_from_mixture(denoiser, [1d0], means, variances, stat, errmsg)
        call check(stat == QUELL_BAD_ARGUMENT .and. errmsg == &
            'mixture: the shape of means is (3, 2), must be (3, 1)', 'lengths: ' // errmsg)
        call quell_denoiser_from_diagonal(denoiser, [1d0], [1d0, 2d0], stat)
        call check(stat == QUELL_BAD_ARGUMENT, 'the length of a mean')
        call quell_denoiser_from_function(denoiser, 3_c_size_t, halve, output='nonsense', stat=stat)
        call check(stat == QUELL_BAD_ARGUMENT, 'no such output')
    end subroutine

    subroutine draw(sampler)
        type(quell_sampler), intent(in) :: sampler
        x = 0
        call quell_sample(sampler, from, x)
    end subroutine
end program
