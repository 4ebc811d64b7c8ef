! SPDX-License-Identifier: MIT
! Procedures that quell calls in the tests.
module functions
    use quell
    use, intrinsic :: iso_c_binding
    implicit none

    ! A denoiser with data of its own: x / 2 + shift, and a count of rows for each worker.
    type, extends(quell_denoise_object) :: halving
        real(c_float) :: shift = 0
        integer(c_int64_t) :: rows(0:63) = 0
    contains
        procedure :: denoise => halve_object
    end type

    integer(c_int64_t) :: told = 0 ! what progress heard last
    integer :: observed(0:199) = 0

contains

    recursive subroutine halve(call, x, mean, stat)
        type(quell_call), intent(in) :: call
        real(c_float), intent(in) :: x(:, :)
        real(c_float), intent(out) :: mean(:, :)
        integer, intent(inout) :: stat
        mean = x / 2
        if (call%first >= 1000) stat = merge(-1, 1, call%first < 2000)
    end subroutine

    recursive subroutine halve_object(self, call, x, mean, stat)
        class(halving), intent(inout) :: self
        type(quell_call), intent(in) :: call
        real(c_float), intent(in) :: x(:, :)
        real(c_float), intent(out) :: mean(:, :)
        integer, intent(inout) :: stat
        mean = x / 2 + self%shift
        self%rows(call%worker) = self%rows(call%worker) + size(x, 2)
        if (call%rows /= size(x, 2) .or. call%dim /= size(x, 1)) stat = -1
    end subroutine

    recursive subroutine straight(t, alpha, sigma, stat)
        real(c_double), intent(in) :: t
        real(c_double), intent(out) :: alpha, sigma
        integer, intent(inout) :: stat
        alpha = 1 - 0.9_c_double * t
        sigma = 0.1_c_double + t
        if (t < 0) stat = -1
    end subroutine

    ! Ends a step at the denoiser's mean, so that the last one decides.
    recursive subroutine to_mean(transition, t, s, x, stat)
        type(quell_transition), intent(in) :: transition
        type(quell_point), intent(in) :: t, s
        real(c_float), intent(inout) :: x(:, :)
        integer, intent(inout) :: stat
        real(c_float) :: mean(size(x, 1), size(x, 2)), noise(size(x, 1), size(x, 2))
        type(quell_point) :: again
        call quell_transition_denoise(transition, t, x, mean, stat)
        if (stat == 0) call quell_transition_noise(transition, 0, noise, stat)
        if (stat == 0) call quell_transition_at(transition, s%t, again, stat)
        if (again%sigma /= s%sigma .or. all(noise == 0)) stat = -1
        x = mean
    end subroutine

    recursive subroutine progress(done, total, stat)
        integer(c_int64_t), intent(in) :: done, total
        integer, intent(inout) :: stat
        told = done
        if (total == 66) stat = 1
    end subroutine

    recursive subroutine observe(transition, s, told, x, stat)
        integer(c_size_t), intent(in) :: transition
        type(quell_point), intent(in) :: s
        type(quell_call), intent(in) :: told
        real(c_float), intent(in) :: x(:, :)
        integer, intent(inout) :: stat
        integer :: i, at
        if (size(x, 1) /= 3 .or. transition > 5 .or. s%t > 1) stat = -1
        if (told%rows /= size(x, 2) .or. told%t /= s%t .or. told%sigma /= s%sigma) stat = -1
        do i = 0, size(x, 2) - 1
            at = int(told%first - 100) + i
            observed(at) = observed(at) + 1
        end do
    end subroutine
end module
