! SPDX-License-Identifier: MIT
! What there is: samplers, schedules, grids, built-in models and instruction sets. What is given by
! number is number i, from 1 on, and '' past the end.
module quell_names
    use, intrinsic :: iso_c_binding
    use quell_base
    use quell_c, only: c_sampler_name, c_sampler_summary, c_sampler_order, c_sampler_stochastic, &
        c_schedule_name, c_schedule_summary, c_grid_name, c_grid_summary, c_builtin_name, &
        c_builtin_summary, c_isa_name, c_isa_available, c_isa_default
    implicit none
    private
    public :: quell_sampler_name, quell_sampler_summary, quell_sampler_order, &
        quell_sampler_stochastic, quell_schedule_name, quell_schedule_summary, quell_grid_name, &
        quell_grid_summary, quell_builtin_name, quell_builtin_summary, quell_isa_name, &
        quell_isa_available, quell_isa_default

contains

    recursive function quell_sampler_name(i) result(name)
        integer, intent(in) :: i
        character(:), allocatable :: name
        name = quell_text(c_sampler_name(int(i - 1, c_size_t)))
    end function

    ! One line on it.
    recursive function quell_sampler_summary(i) result(summary)
        integer, intent(in) :: i
        character(:), allocatable :: summary
        summary = quell_text(c_sampler_summary(int(i - 1, c_size_t)))
    end function

    ! At the sampler's default options: its order of convergence (of a stochastic one, in law), 0 if
    ! it has none; and whether it draws noise on the way, 0 never, 1 by its options, 2 always. -1
    ! past the end.
    recursive integer function quell_sampler_order(i)
        integer, intent(in) :: i
        quell_sampler_order = c_sampler_order(int(i - 1, c_size_t))
    end function

    recursive integer function quell_sampler_stochastic(i)
        integer, intent(in) :: i
        quell_sampler_stochastic = c_sampler_stochastic(int(i - 1, c_size_t))
    end function

    recursive function quell_schedule_name(i) result(name)
        integer, intent(in) :: i
        character(:), allocatable :: name
        name = quell_text(c_schedule_name(int(i - 1, c_size_t)))
    end function

    recursive function quell_schedule_summary(i) result(summary)
        integer, intent(in) :: i
        character(:), allocatable :: summary
        summary = quell_text(c_schedule_summary(int(i - 1, c_size_t)))
    end function

    recursive function quell_grid_name(i) result(name)
        integer, intent(in) :: i
        character(:), allocatable :: name
        name = quell_text(c_grid_name(int(i - 1, c_size_t)))
    end function

    recursive function quell_grid_summary(i) result(summary)
        integer, intent(in) :: i
        character(:), allocatable :: summary
        summary = quell_text(c_grid_summary(int(i - 1, c_size_t)))
    end function

    recursive function quell_builtin_name(i) result(name)
        integer, intent(in) :: i
        character(:), allocatable :: name
        name = quell_text(c_builtin_name(int(i - 1, c_size_t)))
    end function

    recursive function quell_builtin_summary(i) result(summary)
        integer, intent(in) :: i
        character(:), allocatable :: summary
        summary = quell_text(c_builtin_summary(int(i - 1, c_size_t)))
    end function

    ! Those that this build has kernels for, from the narrowest to the widest.
    recursive function quell_isa_name(i) result(name)
        integer, intent(in) :: i
        character(:), allocatable :: name
        name = quell_text(c_isa_name(int(i - 1, c_size_t)))
    end function

    ! Whether this machine and its operating system can run the kernels of that name.
    recursive logical function quell_isa_available(name)
        character(*), intent(in) :: name
        quell_isa_available = index(name, c_null_char) == 0
        if (quell_isa_available) &
            quell_isa_available = c_isa_available(trim(name) // c_null_char) /= 0
    end function

    ! The one that a run uses where it names none.
    recursive subroutine quell_isa_default(name, stat, errmsg)
        character(:), allocatable, intent(out) :: name
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(c_ptr) :: address
        integer(c_int) :: status
        address = c_null_ptr
        status = c_isa_default(address)
        name = quell_text(address)
        call quell_finish(status, stat, errmsg)
    end subroutine
end module
