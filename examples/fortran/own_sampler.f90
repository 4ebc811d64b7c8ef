! SPDX-License-Identifier: MIT
! A sampler of one's own, a plan: Euler's step on the probability flow of x / alpha, written once
! for the whole grid. It runs on threads of the program's own, and gives what it gives on quell's.
module own
    use quell
    use, intrinsic :: iso_fortran_env, only: int64, real64
    implicit none
contains
    subroutine euler(plan, grid, stat)
        type(quell_plan), intent(in) :: plan
        type(quell_point), intent(in) :: grid(0:)
        integer, intent(inout) :: stat
        real(real64) :: r
        integer :: i, mean
        do i = 0, ubound(grid, 1) - 1
            associate (t => grid(i), s => grid(i + 1))
                if (.not. t%sigma > 0) stat = -1
                r = s%sigma / t%sigma
                mean = quell_plan_denoise(plan, QUELL_STATE, t)
                call quell_plan_combine(plan, QUELL_STATE, &
                    [quell_term(r, QUELL_STATE), quell_term(s%alpha - r * t%alpha, mean)])
                call quell_plan_release(plan, mean)
                call quell_plan_step(plan, t, s)
            end associate
        end do
    end subroutine

    ! A parallel-for: here OpenMP's, as it may be a task scheduler's.
    subroutine on_own_threads(workers, body, stat)
        integer(int64), intent(in) :: workers
        type(quell_body), intent(in) :: body
        integer, intent(inout) :: stat
        integer(int64) :: i
        if (workers < 1) stat = -1
        !$omp parallel do schedule(static, 1) num_threads(int(workers))
        do i = 0, workers - 1
            call quell_body_run(body, i)
        end do
        !$omp end parallel do
    end subroutine
end module

program own_sampler
    use quell
    use own
    use, intrinsic :: iso_fortran_env, only: real32, real64
    implicit none
    real(real32) :: x(2, 1000), on_quells(2, 1000)
    type(quell_denoiser) :: denoiser
    type(quell_schedule) :: schedule
    type(quell_sampler) :: sampler
    type(quell_sampler_options) :: options
    type(quell_run) :: run

    options%steps = 3
    call quell_denoiser_from_mixture(denoiser, weights=[1._real64, 3._real64], &
        means=reshape([-2._real64, 0._real64, 2._real64, 1._real64], [2, 2]), &
        variances=[0.1_real64, 0.2_real64])
    call quell_schedule_create(schedule, 'cosine')
    call quell_sampler_from_builder(sampler, euler, denoiser, schedule, options)
    write(*, '(a)', advance='no') quell_sampler_print(sampler)

    call quell_sample(sampler, quell_draw(), on_quells)
    run%threads = 2
    run%parallel => on_own_threads
    call quell_sample(sampler, quell_draw(), x, run)
    print '(2f8.3)', x(:, :4)
    print '(a, l2)', 'as on quell''s threads:', all(x == on_quells)
    call quell_sampler_free(sampler)
    call quell_schedule_free(schedule)
    call quell_denoiser_free(denoiser)
end program
