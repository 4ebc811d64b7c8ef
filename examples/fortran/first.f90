! SPDX-License-Identifier: MIT
program first
    use quell
    use, intrinsic :: iso_fortran_env, only: real32, real64
    implicit none
    real(real32), allocatable :: x(:, :)
    type(quell_denoiser) :: denoiser
    type(quell_schedule) :: schedule
    type(quell_sampler) :: sampler
    type(quell_draw) :: draw

    call quell_denoiser_from_mixture(denoiser, weights=[1._real64, 3._real64], &
        means=reshape([-2._real64, 0._real64, 2._real64, 1._real64], [2, 2]), &
        variances=[0.1_real64, 0.2_real64])
    call quell_schedule_create(schedule, 'vp')
    call quell_sampler_create(sampler, 'ddim:eta=0.5', denoiser, schedule)
    allocate(x(2, 100000))
    draw%seed = 7
    call quell_sample(sampler, draw, x)
    print '(a, 2(1x, f9.6))', 'the last sample:', x(:, 100000)
    call quell_sampler_free(sampler)
    call quell_schedule_free(schedule)
    call quell_denoiser_free(denoiser)
end program
