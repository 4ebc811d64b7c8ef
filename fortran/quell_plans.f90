! SPDX-License-Identifier: MIT
! Plans: a sampler as a straight-line list of operations, which a builder writes once and quell runs
! over any number of samples. quell/plan.h says what each operation does. Euler's step as a builder:
!
!     recursive subroutine euler(plan, grid, stat)
!         type(quell_plan), intent(in) :: plan
!         type(quell_point), intent(in) :: grid(0:)
!         integer, intent(inout) :: stat
!         real(real64) :: r
!         integer :: i, mean
!         do i = 0, ubound(grid, 1) - 1
!             associate (t => grid(i), s => grid(i + 1))
!                 r = s%sigma / t%sigma
!                 mean = quell_plan_denoise(plan, QUELL_STATE, t)
!                 call quell_plan_combine(plan, QUELL_STATE, &
!                     [quell_term(r, QUELL_STATE), quell_term(s%alpha - r * t%alpha, mean)])
!                 call quell_plan_release(plan, mean)
!                 call quell_plan_step(plan, t, s)
!             end associate
!         end do
!     end subroutine
!
! Errors stick: after the first, every call does nothing, and creating the sampler reports it. A
! plan is used by one thread at a time, and only inside the builder.
module quell_plans
    use, intrinsic :: iso_c_binding
    use quell_c, only: quell_point, quell_term, quell_noise_term
    use quell_c_samplers, only: c_plan_at, c_plan_at_lambda, c_plan_register, c_plan_release, &
        c_plan_denoise, c_plan_denoise_variance, c_plan_combine, c_plan_langevin, c_plan_spread, &
        c_plan_noise, c_plan_noise_piece, c_plan_step, c_plan_refuse
    implicit none
    private
    public :: quell_plan, quell_build_fn, quell_lambda, quell_plan_at, quell_plan_at_lambda, &
        quell_plan_register, quell_plan_release, quell_plan_denoise, &
        quell_plan_denoise_variance, quell_plan_combine, quell_plan_langevin, quell_plan_spread, &
        quell_plan_noise, quell_plan_noise_piece, quell_plan_step, quell_plan_refuse

    ! Register 0 is the state itself: x_t on entry, x_s or x_0 at the end. Then the limits of a
    ! plan.
    integer(c_int), parameter, public :: QUELL_STATE = 0
    integer, parameter, public :: QUELL_MAX_REGISTERS = 8, QUELL_MAX_TERMS = 6, &
        QUELL_MAX_NOISES = 2

    type :: quell_plan
        type(c_ptr) :: handle = c_null_ptr
    end type

    abstract interface
        ! A builder: writes the plan for the points grid(0), ..., grid(steps), along which alpha /
        ! sigma rises. The last one may have sigma = 0. stat is 0 on entry; < 0 means an error.
        subroutine quell_build_fn(plan, grid, stat)
            import
            type(quell_plan), intent(in) :: plan
            type(quell_point), intent(in) :: grid(0:)
            integer, intent(inout) :: stat
        end subroutine
    end interface

contains

    ! Returns log(alpha / sigma), half the log-SNR.
    elemental real(c_double) function quell_lambda(point)
        type(quell_point), intent(in) :: point
        quell_lambda = point%log_alpha - point%log_sigma
    end function

    ! Return the point of the schedule at t, and the one where log(alpha / sigma) = lambda.
    recursive type(quell_point) function quell_plan_at(plan, t)
        type(quell_plan), intent(in) :: plan
        real(c_double), intent(in) :: t
        quell_plan_at = c_plan_at(plan%handle, t)
    end function

    recursive type(quell_point) function quell_plan_at_lambda(plan, lambda)
        type(quell_plan), intent(in) :: plan
        real(c_double), intent(in) :: lambda
        quell_plan_at_lambda = c_plan_at_lambda(plan%handle, lambda)
    end function

    ! Take a free register, and give one back. At most QUELL_MAX_REGISTERS are in use at once, the
    ! state included.
    recursive integer(c_int) function quell_plan_register(plan)
        type(quell_plan), intent(in) :: plan
        quell_plan_register = c_plan_register(plan%handle)
    end function

    recursive subroutine quell_plan_release(plan, r)
        type(quell_plan), intent(in) :: plan
        integer(c_int), intent(in) :: r
        call c_plan_release(plan%handle, r)
    end subroutine

    ! Takes a free register, puts the denoiser's E[X | x_t = x] at the point t into it, and returns
    ! it.
    recursive integer(c_int) function quell_plan_denoise(plan, x, t)
        type(quell_plan), intent(in) :: plan
        integer(c_int), intent(in) :: x
        type(quell_point), intent(in) :: t
        quell_plan_denoise = c_plan_denoise(plan%handle, x, t)
    end function

    ! The same, with a second register for what the denoiser has learned about the variance.
    recursive subroutine quell_plan_denoise_variance(plan, x, t, mean, variance)
        type(quell_plan), intent(in) :: plan
        integer(c_int), intent(in) :: x
        type(quell_point), intent(in) :: t
        integer(c_int), intent(out) :: mean, variance
        variance = 0
        mean = c_plan_denoise_variance(plan%handle, x, t, variance)
    end subroutine

    ! out = the sum of 1 to QUELL_MAX_TERMS terms and up to QUELL_MAX_NOISES noises; `out` may be
    ! the source of a term.
    recursive subroutine quell_plan_combine(plan, out, terms, noises)
        type(quell_plan), intent(in) :: plan
        integer(c_int), intent(in) :: out
        type(quell_term), intent(in), contiguous :: terms(:)
        type(quell_noise_term), intent(in), contiguous, optional :: noises(:)
        type(quell_noise_term) :: none(1)
        none = quell_noise_term(0, 0)
        if (present(noises)) then
            call c_plan_combine(plan%handle, out, size(terms, kind=c_size_t), terms, &
                size(noises, kind=c_size_t), noises)
        else
            call c_plan_combine(plan%handle, out, size(terms, kind=c_size_t), terms, &
                0_c_size_t, none)
        end if
    end subroutine

    ! x += coefficient r^2 eps + noise%coefficient r z, where z is the noise and r depends on |eps|
    ! of each sample (quell_plan_langevin in quell/plan.h).
    recursive subroutine quell_plan_langevin(plan, x, eps, coefficient, noise)
        type(quell_plan), intent(in) :: plan
        integer(c_int), intent(in) :: x, eps
        real(c_double), intent(in) :: coefficient
        type(quell_noise_term), intent(in) :: noise
        call c_plan_langevin(plan%handle, x, eps, coefficient, noise)
    end subroutine

    ! x += exp(low + (high - low) (v + 1) / 2) z, element by element, where z is the noise of this
    ! stream.
    recursive subroutine quell_plan_spread(plan, x, v, low, high, stream)
        type(quell_plan), intent(in) :: plan
        integer(c_int), intent(in) :: x, v
        real(c_double), intent(in) :: low, high
        integer(c_int32_t), intent(in) :: stream
        call c_plan_spread(plan%handle, x, v, low, high, stream)
    end subroutine

    ! Return a name for the noise of slot k, from 0 to 7, that drives the state from the point t to
    ! the point s, and for that of a piece, from 0 to 7, of a transition that is divided into
    ! pieces.
    recursive integer(c_int32_t) function quell_plan_noise(plan, k, t, s)
        type(quell_plan), intent(in) :: plan
        integer, intent(in) :: k
        type(quell_point), intent(in) :: t, s
        quell_plan_noise = c_plan_noise(plan%handle, int(k, c_int), t, s)
    end function

    recursive integer(c_int32_t) function quell_plan_noise_piece(plan, piece, t, s)
        type(quell_plan), intent(in) :: plan
        integer, intent(in) :: piece
        type(quell_point), intent(in) :: t, s
        quell_plan_noise_piece = c_plan_noise_piece(plan%handle, int(piece, c_int), t, s)
    end function

    ! Ends a transition from t to s, two points of the builder's grid that follow each other.
    recursive subroutine quell_plan_step(plan, t, s)
        type(quell_plan), intent(in) :: plan
        type(quell_point), intent(in) :: t, s
        call c_plan_step(plan%handle, t, s)
    end subroutine

    ! Makes the plan fail with this status and message.
    recursive subroutine quell_plan_refuse(plan, status, message)
        type(quell_plan), intent(in) :: plan
        integer, intent(in) :: status
        character(*), intent(in) :: message
        call c_plan_refuse(plan%handle, int(status, c_int), trim(message) // c_null_char)
    end subroutine
end module
