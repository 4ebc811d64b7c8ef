! SPDX-License-Identifier: MIT
! Runs. quell/run.h says what each procedure does; x(dim, count) is used in place.
module quell_runs
    use, intrinsic :: iso_c_binding
    use quell_base
    use quell_c, only: c_draw, c_run
    use quell_c_samplers, only: c_sample, c_sample_prior, c_sample_from, c_step, c_denoise
    use quell_run_options
    use quell_samplers, only: quell_sampler
    implicit none
    private
    public :: quell_sample, quell_sample_prior, quell_sample_from, quell_step, quell_denoise

    abstract interface
        integer(c_int) function c_call(sampler, draw, run, x) bind(c)
            import
            type(c_ptr), value :: sampler
            type(c_draw) :: draw
            type(c_run) :: run
            real(c_float) :: x(*)
        end function
    end interface

contains

    ! Draws samples and writes them to x. If it fails on the way, x holds finished and unfinished
    ! samples, and quell_error_sample says in which sample it failed.
    recursive subroutine quell_sample(sampler, draw, x, run, stat, errmsg)
        type(quell_sampler), intent(in) :: sampler
        type(quell_draw), intent(in), target :: draw
        real(c_float), intent(inout), contiguous :: x(:, :)
        type(quell_run), intent(in), optional :: run
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        call call_c(c_sample, sampler, draw, x, run, stat, errmsg)
    end subroutine

    ! Draws the initial states only, and writes them to x.
    recursive subroutine quell_sample_prior(sampler, draw, x, run, stat, errmsg)
        type(quell_sampler), intent(in) :: sampler
        type(quell_draw), intent(in), target :: draw
        real(c_float), intent(inout), contiguous :: x(:, :)
        type(quell_run), intent(in), optional :: run
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        call call_c(c_sample_prior, sampler, draw, x, run, stat, errmsg)
    end subroutine

    ! Draws samples from initial states of the caller's: takes x from the sampler's first time to
    ! its last in place. Errors are those of quell_sample.
    recursive subroutine quell_sample_from(sampler, draw, x, run, stat, errmsg)
        type(quell_sampler), intent(in) :: sampler
        type(quell_draw), intent(in), target :: draw
        real(c_float), intent(inout), contiguous :: x(:, :)
        type(quell_run), intent(in), optional :: run
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        call call_c(c_sample_from, sampler, draw, x, run, stat, errmsg)
    end subroutine

    ! Calls the function of C that belongs to one of the three procedures above.
    recursive subroutine call_c(function, sampler, draw, x, run, stat, errmsg)
        procedure(c_call) :: function
        type(quell_sampler), intent(in) :: sampler
        type(quell_draw), intent(in), target :: draw
        real(c_float), intent(inout), contiguous :: x(:, :)
        type(quell_run), intent(in), optional :: run
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(quell_run_held), target :: held
        integer(c_int) :: status
        status = quell_run_for_c(sampler, draw, run, shape(x, kind=c_size_t), &
            size(x, 2, kind=c_size_t), held)
        if (status == QUELL_OK) status = function(sampler%handle, held%draw, held%run, x)
        call quell_finish(status, stat, errmsg)
    end subroutine

    ! Makes one transition: takes x from x_t to x_s in place, 1 >= t >= s >= 0.
    recursive subroutine quell_step(sampler, draw, t, s, x, run, stat, errmsg)
        type(quell_sampler), intent(in) :: sampler
        type(quell_draw), intent(in), target :: draw
        real(c_double), intent(in) :: t, s
        real(c_float), intent(inout), contiguous :: x(:, :)
        type(quell_run), intent(in), optional :: run
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(quell_run_held), target :: held
        integer(c_int) :: status
        status = quell_run_for_c(sampler, draw, run, shape(x, kind=c_size_t), &
            size(x, 2, kind=c_size_t), held)
        if (status == QUELL_OK) status = c_step(sampler%handle, held%draw, held%run, t, s, x)
        call quell_finish(status, stat, errmsg)
    end subroutine

    ! Evaluates the denoiser: mean = E[X | x_t = x], another array with the shape of x.
    recursive subroutine quell_denoise(sampler, draw, t, x, mean, run, stat, errmsg)
        type(quell_sampler), intent(in) :: sampler
        type(quell_draw), intent(in), target :: draw
        real(c_double), intent(in) :: t
        real(c_float), intent(in), contiguous :: x(:, :)
        real(c_float), intent(inout), contiguous :: mean(:, :)
        type(quell_run), intent(in), optional :: run
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(quell_run_held), target :: held
        integer(c_int) :: status
        if (any(shape(x) /= shape(mean))) then
            call quell_refuse_shape('denoise: the shape of mean', shape(mean, kind=c_size_t), &
                shape(x, kind=c_size_t), stat, errmsg)
            return
        end if
        status = quell_run_for_c(sampler, draw, run, shape(x, kind=c_size_t), &
            size(x, 2, kind=c_size_t), held)
        if (status == QUELL_OK) &
            status = c_denoise(sampler%handle, held%draw, held%run, t, x, mean)
        call quell_finish(status, stat, errmsg)
    end subroutine
end module
