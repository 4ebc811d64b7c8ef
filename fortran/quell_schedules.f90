! SPDX-License-Identifier: MIT
! Noise schedules: t in [0, 1] -> alpha, sigma. quell/schedule.h says what each of them is.
module quell_schedules
    use, intrinsic :: iso_c_binding
    use quell_base
    use quell_c, only: c_schedule_create, c_schedule_from_betas, c_schedule_from_function, &
        c_schedule_at, c_schedule_free
    implicit none
    private
    public :: quell_schedule, quell_schedule_fn, quell_schedule_create, quell_schedule_from_betas, &
        quell_schedule_from_function, quell_schedule_at, quell_schedule_free

    ! A schedule: a handle. A copy of it is the same schedule. It never changes, and any number of
    ! threads may use it. Free it once; samplers hold what they need.
    type :: quell_schedule
        type(c_ptr) :: handle = c_null_ptr
    end type

    abstract interface
        ! A schedule of the caller's own: writes alpha and sigma at t; stat < 0 means an error. It
        ! is called in the thread that creates a sampler, starts a run, or calls quell_schedule_at.
        subroutine quell_schedule_fn(t, alpha, sigma, stat)
            import
            real(c_double), intent(in) :: t
            real(c_double), intent(out) :: alpha, sigma
            integer, intent(inout) :: stat
        end subroutine
    end interface

contains

    ! Creates a schedule by its name and options, 'NAME[:KEY=VALUE[,KEY=VALUE...]]'.
    recursive subroutine quell_schedule_create(schedule, spec, stat, errmsg)
        type(quell_schedule), intent(out) :: schedule
        character(*), intent(in) :: spec
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_int) :: status
        status = quell_check_text('schedule', spec)
        if (status == QUELL_OK) &
            status = c_schedule_create(schedule%handle, trim(spec) // c_null_char)
        call quell_finish(status, stat, errmsg)
    end subroutine

    ! Creates a discrete schedule from a table of betas in (0, 1), the last of which may be 1.
    recursive subroutine quell_schedule_from_betas(schedule, betas, stat, errmsg)
        type(quell_schedule), intent(out) :: schedule
        real(c_double), intent(in), contiguous :: betas(:)
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        call quell_finish(c_schedule_from_betas(schedule%handle, size(betas, kind=c_size_t), &
            betas), stat, errmsg)
    end subroutine

    ! Creates a schedule from a procedure. An internal procedure must not be used after its host has
    ! returned.
    recursive subroutine quell_schedule_from_function(schedule, function, stat, errmsg)
        type(quell_schedule), intent(out) :: schedule
        procedure(quell_schedule_fn) :: function
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        call quell_finish(c_schedule_from_function(schedule%handle, c_funloc(evaluate), &
            transfer(c_funloc(function), c_null_ptr), c_null_funptr), stat, errmsg)
    end subroutine

    recursive integer(c_int) function evaluate(user, t, alpha, sigma) bind(c)
        type(c_ptr), value :: user
        real(c_double), value :: t
        real(c_double), intent(out) :: alpha, sigma
        procedure(quell_schedule_fn), pointer :: own
        integer :: stat
        call c_f_procpointer(transfer(user, c_null_funptr), own)
        stat = 0
        call own(t, alpha, sigma, stat)
        evaluate = int(stat, c_int)
    end function

    ! Writes alpha and sigma at t.
    recursive subroutine quell_schedule_at(schedule, t, alpha, sigma, stat, errmsg)
        type(quell_schedule), intent(in) :: schedule
        real(c_double), intent(in) :: t
        real(c_double), intent(out) :: alpha, sigma
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        call quell_finish(c_schedule_at(schedule%handle, t, alpha, sigma), stat, errmsg)
    end subroutine

    recursive subroutine quell_schedule_free(schedule)
        type(quell_schedule), intent(inout) :: schedule
        call c_schedule_free(schedule%handle)
        schedule%handle = c_null_ptr
    end subroutine
end module
