! SPDX-License-Identifier: MIT
! What belongs to a run: a host's own parallel-for, its context; and a step's scratch memory.
module hosts
    use quell
    use checking
    use, intrinsic :: iso_c_binding
    implicit none
    private
    public :: check_hosts

    ! A team of OpenMP's, compiled apart.
    interface
        subroutine in_openmp(n, run)
            import
            integer(c_size_t), intent(in) :: n
            interface
                subroutine run(i)
                    import
                    integer(c_size_t), intent(in) :: i
                end subroutine
            end interface
        end subroutine
    end interface

    integer(c_size_t) :: workers_seen
    type(quell_body) :: shared

contains

    subroutine check_hosts(schedule)
        type(quell_schedule), intent(in) :: schedule
        call check_parallel(schedule)
        call check_context(schedule)
    end subroutine

    subroutine check_parallel(schedule)
        type(quell_schedule), intent(in) :: schedule
        type(quell_denoiser) :: denoiser
        type(quell_sampler) :: sampler
        type(quell_run) :: run
        real(c_float) :: x(2, 500), expected(2, 500)
        character(200) :: errmsg
        integer :: stat
        call quell_denoiser_from_mixture(denoiser, [1d0, 3d0], &
            reshape([-2d0, 0d0, 2d0, 1d0], [2, 2]), [0.1d0, 0.2d0])
        call quell_sampler_create(sampler, 'ddpm', denoiser, schedule)
        call quell_sample(sampler, quell_draw(), expected)
        run%threads = 3
        run%tile = 20
        run%parallel => backwards
        call draw_with(sampler, run, x)
        call check(all(x == expected) .and. workers_seen == 3, 'one after the other')
        run%parallel => by_openmp
        call draw_with(sampler, run, x)
        call check(all(x == expected) .and. workers_seen == 3, 'by OpenMP')
        run%parallel => gives_up
        errmsg = ''
        call quell_sample_from(sampler, quell_draw(), x, run, stat, errmsg)
        call check(stat == QUELL_DENOISER_FAILED .and. index(errmsg, 'parallel-for') > 0, &
            'no threads: ' // errmsg)
        run%threads = 0
        call quell_sample_from(sampler, quell_draw(), x, run, stat)
        call check(stat == QUELL_BAD_ARGUMENT, 'how many workers?')
        call quell_sampler_free(sampler)
        call quell_denoiser_free(denoiser)
    end subroutine

    subroutine draw_with(sampler, run, x)
        type(quell_sampler), intent(in) :: sampler
        type(quell_run), intent(in) :: run
        real(c_float), intent(out) :: x(:, :)
        workers_seen = 0
        x = 0
        call quell_sample(sampler, quell_draw(), x, run)
    end subroutine

    subroutine backwards(workers, body, stat)
        integer(c_size_t), intent(in) :: workers
        type(quell_body), intent(in) :: body
        integer, intent(inout) :: stat
        integer(c_size_t) :: i
        workers_seen = workers
        do i = workers - 1, 0, -1
            call quell_body_run(body, i)
        end do
        if (stat /= 0) stat = -1
    end subroutine

    subroutine by_openmp(workers, body, stat)
        integer(c_size_t), intent(in) :: workers
        type(quell_body), intent(in) :: body
        integer, intent(inout) :: stat
        workers_seen = workers
        shared = body
        call in_openmp(workers, run_shared)
        if (stat /= 0) stat = -1
    end subroutine

    recursive subroutine run_shared(i)
        integer(c_size_t), intent(in) :: i
        call quell_body_run(shared, i)
    end subroutine

    subroutine gives_up(workers, body, stat)
        integer(c_size_t), intent(in) :: workers
        type(quell_body), intent(in) :: body
        integer, intent(inout) :: stat
        stat = -1
        if (workers > 0) call quell_body_run(body, 0_c_size_t)
    end subroutine

    ! Each step adds to x what the context says, and the number of steps before it, which the
    ! scratch memory counts.
    subroutine check_context(schedule)
        type(quell_schedule), intent(in) :: schedule
        type(quell_denoiser) :: denoiser
        type(quell_sampler) :: sampler
        type(quell_sampler_options) :: options
        type(quell_draw) :: draw
        real(c_float), target :: added
        real(c_float) :: x(2, 30)
        options%steps = 4
        call quell_denoiser_from_function(denoiser, 2_c_size_t, shifts)
        call quell_sampler_from_step(sampler, counts, denoiser, schedule, options)
        draw%context = c_loc(added)
        draw%first = 5
        added = 10
        x = 1
        call quell_sample_from(sampler, draw, x)
        call check(all(x == 1 + 4 * (10 + 10) + 0 + 1 + 2 + 3), 'the context of a run')
        added = 20
        x = 1
        call quell_sample_from(sampler, draw, x)
        call check(all(x == 1 + 4 * (20 + 20) + 0 + 1 + 2 + 3), 'another')
        call quell_sampler_free(sampler)
        call quell_denoiser_free(denoiser)
    end subroutine

    recursive subroutine counts(transition, t, s, x, stat)
        type(quell_transition), intent(in) :: transition
        type(quell_point), intent(in) :: t, s
        real(c_float), intent(inout) :: x(:, :)
        integer, intent(inout) :: stat
        real(c_float), pointer :: added
        real(c_float), pointer, contiguous :: steps(:, :), mean(:, :)
        call c_f_pointer(quell_transition_context(transition), added)
        steps => quell_transition_scratch(transition, 0)
        mean => quell_transition_scratch(transition, 3)
        if (associated(quell_transition_scratch(transition, 4))) stat = -1
        if (any(shape(steps) /= shape(x)) .or. s%t >= t%t) stat = -1
        if (quell_transition_dim(transition) /= 2 .or. &
            quell_transition_rows(transition) /= size(x, 2) .or. &
            quell_transition_first(transition) < 5) stat = -1
        if (stat /= 0) return
        if (quell_transition_index(transition) == 0) steps = 0
        call quell_transition_denoise(transition, t, x, mean, stat)
        x = mean + added + steps
        steps = steps + 1
    end subroutine

    recursive subroutine shifts(call, x, mean, stat)
        type(quell_call), intent(in) :: call
        real(c_float), intent(in) :: x(:, :)
        real(c_float), intent(out) :: mean(:, :)
        integer, intent(inout) :: stat
        real(c_float), pointer :: added
        call c_f_pointer(call%context, added)
        mean = x + added
        if (stat /= 0) stat = -1
    end subroutine
end module
