! SPDX-License-Identifier: MIT
! Builders: the plan, and its samples, are those of the same builder in C.
module plans
    use quell
    use checking
    use, intrinsic :: iso_c_binding
    implicit none
    private
    public :: check_plans

    interface
        integer(c_int) function in_c_plan(brownian, count, x, size, text) bind(c)
            import
            integer(c_int), value :: brownian
            integer(c_size_t), value :: count, size
            real(c_float) :: x(*)
            character(kind=c_char) :: text(*)
        end function
    end interface

contains

    subroutine check_plans()
        type(quell_denoiser) :: denoiser
        type(quell_schedule) :: schedule
        call quell_denoiser_from_function(denoiser, 3_c_size_t, learned, variance='learned_range')
        call quell_schedule_create(schedule, 'cosine')
        call check_samples(denoiser, schedule, .false.)
        call check_samples(denoiser, schedule, .true.)
        call check_refusals(denoiser, schedule)
        call quell_schedule_free(schedule)
        call quell_denoiser_free(denoiser)
    end subroutine

    subroutine check_samples(denoiser, schedule, brownian)
        type(quell_denoiser), intent(in) :: denoiser
        type(quell_schedule), intent(in) :: schedule
        logical, intent(in) :: brownian
        character(kind=c_char), target :: expected_text(20000)
        real(c_float) :: x(3, 100), expected(3, 100)
        type(quell_sampler) :: sampler
        type(quell_sampler_options) :: options
        type(quell_draw) :: draw
        options%steps = 6
        options%brownian = brownian
        draw%seed = 7
        call quell_sampler_from_builder(sampler, build, denoiser, schedule, options)
        call quell_sample(sampler, draw, x)
        call check(in_c_plan(merge(1, 0, brownian), 100_c_size_t, expected, 20000_c_size_t, &
            expected_text) == 0, 'C builds')
        call check(quell_sampler_print(sampler) == quell_text(c_loc(expected_text)), &
            'the text of a plan')
        call check(index(quell_sampler_print(sampler), 'STEP') > 0, 'a plan has text')
        call check(all(x == expected) .and. any(x /= 0), 'the bits of a plan')
        call check(quell_sampler_evaluations(sampler) == 12, 'evaluations')
        call check_operations(sampler)
        call quell_sampler_free(sampler)
    end subroutine

    ! The operations as data: as many EVALs and STEPs as there should be.
    subroutine check_operations(sampler)
        type(quell_sampler), intent(in) :: sampler
        type(quell_operation) :: operation
        integer(c_size_t) :: i
        integer :: kinds(0:5), stat
        character(200) :: errmsg
        character(60) :: says
        kinds = 0
        do i = 1, quell_sampler_operations(sampler)
            call quell_sampler_operation(sampler, i, operation)
            kinds(operation%kind) = kinds(operation%kind) + 1
        end do
        call check(kinds(QUELL_OPERATION_EVAL) == 12 .and. kinds(QUELL_OPERATION_STEP) == 6 .and. &
            kinds(QUELL_OPERATION_SPREAD) > 0 .and. kinds(QUELL_OPERATION_LANGEVIN) > 0 .and. &
            kinds(QUELL_OPERATION_ADAPT) == 0, 'kinds of operations')
        call check(operation%kind == QUELL_OPERATION_STEP .and. operation%s%t == 0, 'the last one')
        call check(quell_operation_name(operation%kind) == 'step', 'its word')
        call quell_sampler_operation(sampler, i, operation, stat)
        call check(stat == QUELL_NOT_FOUND, 'past the end')
        write (says, '(a, i0)') 'operation: i is 0, must be from 1 to ', i - 1
        call quell_sampler_operation(sampler, 0_c_size_t, operation, stat, errmsg)
        call check(stat == QUELL_NOT_FOUND .and. index(errmsg, trim(says)) > 0, 'before the first')
    end subroutine

    ! Every operation, as in C.
    recursive subroutine build(plan, grid, stat)
        type(quell_plan), intent(in) :: plan
        type(quell_point), intent(in) :: grid(0:)
        integer, intent(inout) :: stat
        type(quell_point) :: t, s, middle, half
        integer :: i, v, mean, eps, again
        do i = 0, ubound(grid, 1) - 1
            t = grid(i)
            s = grid(i + 1)
            middle = quell_plan_at_lambda(plan, (quell_lambda(t) + quell_lambda(s)) / 2)
            half = quell_plan_at(plan, (t%t + s%t) / 2)
            call quell_plan_denoise_variance(plan, QUELL_STATE, t, mean, v)
            eps = quell_plan_register(plan)
            call quell_plan_combine(plan, eps, &
                [quell_term(1, QUELL_STATE), quell_term(-middle%alpha, mean)])
            call quell_plan_langevin(plan, QUELL_STATE, eps, -0.125d0, &
                quell_noise_term(0.25d0, quell_plan_noise(plan, 0, t, s)))
            again = quell_plan_denoise(plan, QUELL_STATE, half)
            call quell_plan_combine(plan, QUELL_STATE, [quell_term(0.5d0, QUELL_STATE), &
                quell_term(0.25d0, mean), quell_term(0.125d0, again)], &
                [quell_noise_term(0.0625d0, quell_plan_noise_piece(plan, 1, t, middle)), &
                quell_noise_term(0.5d0, quell_plan_noise(plan, 3, half, s))])
            call quell_plan_spread(plan, QUELL_STATE, v, -5d0, -3d0, &
                quell_plan_noise(plan, 2, t, s))
            call quell_plan_release(plan, again)
            call quell_plan_release(plan, eps)
            call quell_plan_release(plan, v)
            call quell_plan_release(plan, mean)
            call quell_plan_step(plan, t, s)
        end do
        if (stat /= 0) stat = -1
    end subroutine

    recursive subroutine learned(call, x, mean, stat)
        type(quell_call), intent(in) :: call
        real(c_float), intent(in) :: x(:, :)
        real(c_float), intent(out) :: mean(:, :)
        integer, intent(inout) :: stat
        real(c_float), pointer :: variance(:, :)
        mean = x / 2
        if (.not. c_associated(call%variance)) return
        call c_f_pointer(call%variance, variance, shape(x))
        variance = merge(0.5_c_float, -1._c_float, x > 0)
        if (stat /= 0) stat = -1
    end subroutine

    subroutine check_refusals(denoiser, schedule)
        type(quell_denoiser), intent(in) :: denoiser
        type(quell_schedule), intent(in) :: schedule
        type(quell_sampler) :: sampler
        integer :: stat
        character(100) :: errmsg
        errmsg = ''
        call quell_sampler_from_builder(sampler, refuses, denoiser, schedule, stat=stat, &
            errmsg=errmsg)
        call check(stat == QUELL_UNSUPPORTED .and. index(errmsg, 'not on Sundays') > 0, &
            'a builder that refuses: ' // errmsg)
        call quell_sampler_from_builder(sampler, fails, denoiser, schedule, stat=stat)
        call check(stat == QUELL_BAD_ARGUMENT, 'a builder that fails')
        call quell_sampler_from_builder(sampler, hoards, denoiser, schedule, stat=stat)
        call check(stat == QUELL_BAD_ARGUMENT, 'too many registers')
        call check(quell_sampler_print(sampler) == '', 'the text of no plan')
    end subroutine

    subroutine refuses(plan, grid, stat)
        type(quell_plan), intent(in) :: plan
        type(quell_point), intent(in) :: grid(0:)
        integer, intent(inout) :: stat
        call quell_plan_refuse(plan, QUELL_UNSUPPORTED, 'not on Sundays')
        if (size(grid) /= 65) stat = -1
    end subroutine

    subroutine fails(plan, grid, stat)
        type(quell_plan), intent(in) :: plan
        type(quell_point), intent(in) :: grid(0:)
        integer, intent(inout) :: stat
        call quell_plan_step(plan, grid(0), grid(ubound(grid, 1)))
        stat = -1
    end subroutine

    subroutine hoards(plan, grid, stat)
        type(quell_plan), intent(in) :: plan
        type(quell_point), intent(in) :: grid(0:)
        integer, intent(inout) :: stat
        integer :: i, r
        do i = 1, QUELL_MAX_REGISTERS
            r = quell_plan_register(plan)
        end do
        call quell_plan_combine(plan, QUELL_STATE, [quell_term(1, r)])
        call quell_plan_step(plan, grid(0), grid(ubound(grid, 1)))
        if (stat /= 0) stat = 1
    end subroutine
end module
