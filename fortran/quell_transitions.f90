! SPDX-License-Identifier: MIT
! What a step of the caller's own can do inside its transition (quell/transition.h).
module quell_transitions
    use, intrinsic :: ieee_arithmetic, only: ieee_value, ieee_quiet_nan
    use, intrinsic :: iso_c_binding
    use quell_base
    use quell_c, only: quell_call, quell_point
    use quell_c_samplers, only: c_transition_first, c_transition_rows, c_transition_dim, &
        c_transition_index, c_transition_context, c_transition_scratch, c_transition_denoise, &
        c_transition_noise, c_transition_at, c_transition_told
    implicit none
    private
    public :: quell_transition, quell_step_fn, quell_transition_first, quell_transition_rows, &
        quell_transition_dim, quell_transition_index, quell_transition_context, &
        quell_transition_scratch, quell_transition_denoise, quell_transition_noise, &
        quell_transition_at, quell_transition_told

    ! One transition of some samples, as it is handed to the caller's step. It is valid during that
    ! call.
    type :: quell_transition
        type(c_ptr) :: handle = c_null_ptr
    end type

    abstract interface
        ! Takes x(dim, rows) from x_t to x_s in place. It is called from many threads at once. stat
        ! is 0 on entry; < 0 means an error, and > 0 stops the run. A failure of a procedure below
        ! that the step ignores ends the run where it was asked for what cannot be, and otherwise
        ! where the NaN that it got instead is in x.
        subroutine quell_step_fn(transition, t, s, x, stat)
            import
            type(quell_transition), intent(in) :: transition
            type(quell_point), intent(in) :: t, s
            real(c_float), intent(inout) :: x(:, :)
            integer, intent(inout) :: stat
        end subroutine
    end interface

contains

    ! Return the index of the sample in row 1, the number of rows, the number of elements of a row,
    ! and the number of the transition, from 0 on.
    recursive integer(c_int64_t) function quell_transition_first(transition)
        type(quell_transition), intent(in) :: transition
        quell_transition_first = c_transition_first(transition%handle)
    end function

    recursive integer(c_size_t) function quell_transition_rows(transition)
        type(quell_transition), intent(in) :: transition
        quell_transition_rows = c_transition_rows(transition%handle)
    end function

    recursive integer(c_size_t) function quell_transition_dim(transition)
        type(quell_transition), intent(in) :: transition
        quell_transition_dim = c_transition_dim(transition%handle)
    end function

    recursive integer(c_size_t) function quell_transition_index(transition)
        type(quell_transition), intent(in) :: transition
        quell_transition_index = c_transition_index(transition%handle)
    end function

    ! Returns all that a denoiser from a procedure would be told of these rows at t: their classes,
    ! conditions, seeds and indices, and the context.
    recursive function quell_transition_told(transition) result(told)
        type(quell_transition), intent(in) :: transition
        type(quell_call), pointer :: told
        call c_f_pointer(c_transition_told(transition%handle), told)
    end function

    ! Returns the context of the draw.
    recursive type(c_ptr) function quell_transition_context(transition)
        type(quell_transition), intent(in) :: transition
        quell_transition_context = c_transition_context(transition%handle)
    end function

    ! Returns scratch memory k, from 0 to 3, (dim, rows), which keeps its values from one transition
    ! of these samples to the next; null() for any other k.
    recursive function quell_transition_scratch(transition, k) result(scratch)
        type(quell_transition), intent(in) :: transition
        integer, intent(in) :: k
        real(c_float), pointer, contiguous :: scratch(:, :)
        type(c_ptr) :: address
        scratch => null()
        address = c_transition_scratch(transition%handle, int(k, c_int))
        if (c_associated(address)) call c_f_pointer(address, scratch, &
            [quell_transition_dim(transition), quell_transition_rows(transition)])
    end function

    ! Evaluates the denoiser: mean = E[X | x_t = x], both (dim, rows). If that fails, mean is NaN,
    ! or what the denoiser has returned where that is not finite.
    recursive subroutine quell_transition_denoise(transition, t, x, mean, stat, errmsg)
        type(quell_transition), intent(in) :: transition
        type(quell_point), intent(in) :: t
        real(c_float), intent(in), contiguous :: x(:, :)
        real(c_float), intent(inout), contiguous :: mean(:, :)
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        if (fits(transition, 'x', shape(x, kind=c_size_t), stat, errmsg)) then
            if (fits(transition, 'mean', shape(mean, kind=c_size_t), stat, errmsg)) then
                call quell_finish(c_transition_denoise(transition%handle, t, x, mean), stat, errmsg)
                return
            end if
        end if
        mean = ieee_value(0.0_c_float, ieee_quiet_nan)
    end subroutine

    ! Refuses an array that is not (dim, rows).
    recursive logical function fits(transition, name, shape, stat, errmsg)
        type(quell_transition), intent(in) :: transition
        character(*), intent(in) :: name
        integer(c_size_t), intent(in) :: shape(2)
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_size_t) :: wanted(2)
        wanted = [quell_transition_dim(transition), quell_transition_rows(transition)]
        fits = all(shape == wanted)
        if (.not. fits) call quell_refuse_shape('transition: the shape of ' // name, shape, &
            wanted, stat, errmsg)
    end function

    ! Writes the noise of slot k, from 0 to 7, of this transition to noise(dim, rows). It is NaN if
    ! it has another shape.
    recursive subroutine quell_transition_noise(transition, k, noise, stat, errmsg)
        type(quell_transition), intent(in) :: transition
        integer, intent(in) :: k
        real(c_float), intent(inout), contiguous :: noise(:, :)
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        if (.not. fits(transition, 'noise', shape(noise, kind=c_size_t), stat, errmsg)) then
            noise = ieee_value(0.0_c_float, ieee_quiet_nan)
            return
        end if
        call quell_finish(c_transition_noise(transition%handle, int(k, c_int), noise), stat, &
            errmsg)
    end subroutine

    ! Writes the point of the schedule at any time t in [0, 1].
    recursive subroutine quell_transition_at(transition, t, point, stat, errmsg)
        type(quell_transition), intent(in) :: transition
        real(c_double), intent(in) :: t
        type(quell_point), intent(inout) :: point
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        call quell_finish(c_transition_at(transition%handle, t, point), stat, errmsg)
    end subroutine
end module
