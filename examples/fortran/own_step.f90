! SPDX-License-Identifier: MIT
! A sampler of one's own as a procedure for one step, because its steps depend on the data.
!
! The elements of a sample must add up to a given total, as the energies in the layers of a
! detector do. Euler's step on the probability flow keeps to it: what the denoiser's mean has too
! much is taken from all of its elements alike. A plan cannot do that, as it adds no elements of a
! sample to one another.
module keeps_total
    use quell
    use, intrinsic :: iso_fortran_env, only: real32, real64
    implicit none
    real(real64), parameter :: total = 12
contains
    ! x_s = r x_t + (alpha_s - r alpha_t) mu, r = sigma_s / sigma_t, for the samples of a tile.
    recursive subroutine keep_total(transition, t, s, x, stat)
        type(quell_transition), intent(in) :: transition
        type(quell_point), intent(in) :: t, s
        real(real32), intent(inout) :: x(:, :)
        integer, intent(inout) :: stat
        real(real32), pointer, contiguous :: mean(:, :)
        real(real64) :: excess, r
        integer :: i
        r = s%sigma / t%sigma
        mean => quell_transition_scratch(transition, 0)
        call quell_transition_denoise(transition, t, x, mean, stat)
        if (stat /= 0) return ! the run fails with its message
        do i = 1, size(x, 2)
            excess = (sum(real(mean(:, i), real64)) - total) / size(x, 1)
            x(:, i) = real(r * x(:, i) + (s%alpha - r * t%alpha) * (mean(:, i) - excess), real32)
        end do
    end subroutine
end module

program own_step
    use keeps_total
    implicit none
    real(real32) :: x(4, 3)
    type(quell_denoiser) :: denoiser
    type(quell_schedule) :: schedule
    type(quell_sampler) :: sampler
    integer :: i

    call quell_denoiser_from_isotropic(denoiser, 4_8, 0.25_real64, [1._real64, 2._real64, &
        3._real64, 4._real64])
    call quell_schedule_create(schedule, 'flow')
    call quell_sampler_from_step(sampler, keep_total, denoiser, schedule)
    call quell_sample(sampler, quell_draw(), x)
    do i = 1, 3
        print '(f5.3, 3(" + ", f5.3), " = ", f6.3)', x(:, i), sum(x(:, i))
    end do
    call quell_sampler_free(sampler)
    call quell_schedule_free(schedule)
    call quell_denoiser_free(denoiser)
end program
