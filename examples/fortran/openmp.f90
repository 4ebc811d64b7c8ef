! SPDX-License-Identifier: MIT
! A denoiser in Fortran, and a simulation that has threads of its own: each draws a part of the
! samples. They are those that one run draws on quell's threads.
module two_points
    use quell
    use, intrinsic :: iso_fortran_env, only: real32
    implicit none
contains
    ! E[X | x_t] for X = +1 or -1 in every element, each with probability 1/2:
    ! tanh(alpha x_t / sigma^2). Called for a tile of samples at a time.
    recursive subroutine denoise(call, x, mean, stat)
        type(quell_call), intent(in) :: call
        real(real32), intent(in) :: x(:, :)
        real(real32), intent(out) :: mean(:, :)
        integer, intent(inout) :: stat
        if (.not. call%sigma > 0) stat = -1
        mean = real(tanh(call%alpha / call%sigma**2 * x), real32)
    end subroutine
end module

program openmp
    use quell
    use two_points
    use, intrinsic :: iso_fortran_env, only: int64, real32
    implicit none
    integer, parameter :: dim = 8, parts = 10, each = 50
    real(real32) :: x(dim, each, parts), whole(dim, each * parts)
    type(quell_denoiser) :: denoiser
    type(quell_schedule) :: schedule
    type(quell_sampler) :: sampler
    type(quell_sampler_options) :: options
    integer :: part

    options%steps = 20
    options%grid = 'logsnr'
    call quell_denoiser_from_function(denoiser, int(dim, int64), denoise, reproducible=.true.)
    call quell_schedule_create(schedule, 'cosine')
    call quell_sampler_create(sampler, 'dpmpp_2m', denoiser, schedule, options)

    !$omp parallel do
    do part = 1, parts
        call draw(x(:, :, part), int((part - 1) * each, int64))
    end do
    !$omp end parallel do
    call draw(whole, 0_int64)

    print '(8f8.3)', x(:, each, parts)
    print '(a, l2)', 'as in one run:', all(reshape(x, shape(whole)) == whole)
    call quell_sampler_free(sampler)
    call quell_schedule_free(schedule)
    call quell_denoiser_free(denoiser)

contains

    subroutine draw(samples, first)
        real(real32), intent(inout), contiguous :: samples(:, :)
        integer(int64), intent(in) :: first
        call quell_sample(sampler, quell_draw(seed=7, first=first), samples)
    end subroutine
end program
