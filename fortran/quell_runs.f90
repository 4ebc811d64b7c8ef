! SPDX-License-Identifier: MIT
! Runs. What they mean is said in quell/sampler.h; x(dim, count) is used in place.
module quell_runs
    use, intrinsic :: iso_c_binding
    use quell_base
    use quell_c, only: quell_report, c_run
    use quell_c_samplers, only: c_sample, c_sample_prior, c_sample_from, c_step, c_denoise
    use quell_run_options
    use quell_samplers, only: quell_sampler
    implicit none
    private
    public :: quell_sample, quell_sample_prior, quell_sample_from, quell_step, quell_denoise

    abstract interface
        integer(c_int) function c_draw(sampler, run, x) bind(c)
            import
            type(c_ptr), value :: sampler
            type(c_run) :: run
            real(c_float) :: x(*)
        end function
    end interface

contains

    ! Draws samples, x_0. A run that fails on the way leaves a mixture of finished and unfinished
    ! samples in x, and report says where it was.
    recursive subroutine quell_sample(sampler, run, x, stat, errmsg, report)
        type(quell_sampler), intent(in) :: sampler
        type(quell_run), intent(in), target :: run
        real(c_float), intent(inout), contiguous :: x(:, :)
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(quell_report), intent(out), optional, target :: report
        call draw(c_sample, sampler, run, x, stat, errmsg, report)
    end subroutine

    ! Draws x_1 alone.
    recursive subroutine quell_sample_prior(sampler, run, x, stat, errmsg)
        type(quell_sampler), intent(in) :: sampler
        type(quell_run), intent(in), target :: run
        real(c_float), intent(inout), contiguous :: x(:, :)
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        call draw(c_sample_prior, sampler, run, x, stat, errmsg)
    end subroutine

    ! Takes x from an x_1 of the caller's to x_0 in place. Failures are those of quell_sample.
    recursive subroutine quell_sample_from(sampler, run, x, stat, errmsg, report)
        type(quell_sampler), intent(in) :: sampler
        type(quell_run), intent(in), target :: run
        real(c_float), intent(inout), contiguous :: x(:, :)
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(quell_report), intent(out), optional, target :: report
        call draw(c_sample_from, sampler, run, x, stat, errmsg, report)
    end subroutine

    ! The three above by the function of C that each is.
    recursive subroutine draw(by, sampler, run, x, stat, errmsg, report)
        procedure(c_draw) :: by
        type(quell_sampler), intent(in) :: sampler
        type(quell_run), intent(in), target :: run
        real(c_float), intent(inout), contiguous :: x(:, :)
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(quell_report), intent(out), optional, target :: report
        type(c_run) :: c
        type(quell_run_held), target :: held
        integer(c_int) :: status
        status = quell_run_for_c(sampler, run, shape(x, kind=c_size_t), size(x, 2, kind=c_size_t), &
            c, held)
        if (present(report)) c%report = c_loc(report)
        if (status == QUELL_OK) status = by(sampler%handle, c, x)
        call quell_finish(status, stat, errmsg)
    end subroutine

    ! One transition: takes x from x_t to x_s in place, 1 >= t >= s >= 0.
    recursive subroutine quell_step(sampler, run, t, s, x, stat, errmsg)
        type(quell_sampler), intent(in) :: sampler
        type(quell_run), intent(in), target :: run
        real(c_double), intent(in) :: t, s
        real(c_float), intent(inout), contiguous :: x(:, :)
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(c_run) :: c
        type(quell_run_held), target :: held
        integer(c_int) :: status
        status = quell_run_for_c(sampler, run, shape(x, kind=c_size_t), size(x, 2, kind=c_size_t), &
            c, held)
        if (status == QUELL_OK) status = c_step(sampler%handle, c, t, s, x)
        call quell_finish(status, stat, errmsg)
    end subroutine

    ! mean = E[X | x_t = x], another array of the shape of x.
    recursive subroutine quell_denoise(sampler, run, t, x, mean, stat, errmsg)
        type(quell_sampler), intent(in) :: sampler
        type(quell_run), intent(in), target :: run
        real(c_double), intent(in) :: t
        real(c_float), intent(in), contiguous :: x(:, :)
        real(c_float), intent(inout), contiguous :: mean(:, :)
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(c_run) :: c
        type(quell_run_held), target :: held
        integer(c_int) :: status
        if (any(shape(x) /= shape(mean))) then
            call quell_refuse('denoise: x and mean differ in shape', stat, errmsg)
            return
        end if
        status = quell_run_for_c(sampler, run, shape(x, kind=c_size_t), size(x, 2, kind=c_size_t), &
            c, held)
        if (status == QUELL_OK) status = c_denoise(sampler%handle, c, t, x, mean)
        call quell_finish(status, stat, errmsg)
    end subroutine
end module
