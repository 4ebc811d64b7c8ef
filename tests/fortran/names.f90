! SPDX-License-Identifier: MIT
! Names and what is known of them, messages, and noise by its address.
module names
    use quell
    use checking
    use, intrinsic :: iso_c_binding
    implicit none
    private
    public :: check_names, check_noises

contains

    subroutine check_names()
        character(:), allocatable :: isa
        integer :: heun, ddim
        call check(quell_version() /= '', 'the version')
        heun = number('heun')
        ddim = number('ddim')
        call check(quell_sampler_order(heun) == 2 .and. quell_sampler_stochastic(heun) == 1, 'heun')
        call check(quell_sampler_order(ddim) == 1, 'ddim')
        call check(quell_sampler_stochastic(number('ddpm')) == 2, 'ddpm')
        call check(quell_sampler_name(100000) == '' .and. &
            quell_sampler_summary(100000) == '' .and. quell_sampler_order(100000) == -1 .and. &
            quell_sampler_stochastic(100000) == -1, 'no such sampler')
        call check(quell_sampler_summary(heun) /= '' .and. &
            quell_sampler_summary(heun) /= quell_sampler_summary(ddim), 'on samplers')
        call check(quell_schedule_name(1) == 'vp' .and. differ(quell_schedule_summary(1), 'vp'), &
            'schedules')
        call check(quell_grid_name(1) == 'linear' .and. &
            differ(quell_grid_summary(1), 'linear'), 'grids')
        call check(quell_builtin_name(1) /= '' .and. &
            differ(quell_builtin_summary(1), quell_builtin_name(1)), 'models')

        call check(quell_isa_name(1) == 'scalar' .and. quell_isa_available('scalar'), 'scalar')
        call check(.not. quell_isa_available('nonsense'), 'no such instruction set')
        call quell_isa_default(isa)
        call check(quell_isa_available(isa), 'the default')

        call check(quell_status_name(QUELL_NO_MEMORY) == 'QUELL_NO_MEMORY' .and. &
            quell_status_text(QUELL_NO_MEMORY) == 'out of memory', 'a status')
        call quell_error_set(QUELL_IO_FAILED, 'the tape is torn')
        call check(quell_error_message() == 'the tape is torn', 'a message')
    end subroutine

    logical function differ(summary, name)
        character(*), intent(in) :: summary, name
        differ = summary /= '' .and. summary /= name
    end function

    integer function number(name)
        character(*), intent(in) :: name
        number = 1
        do while (quell_sampler_name(number) /= name .and. quell_sampler_name(number) /= '')
            number = number + 1
        end do
    end function

    subroutine check_noises()
        real(c_float) :: noise(4), part(2), whole(4), halves(4, 2)
        call quell_noise(9_c_int64_t, quell_stream(2, 1), 77_c_int64_t, 0_c_int64_t, noise)
        call quell_noise(9_c_int64_t, 18_c_int32_t, 77_c_int64_t, 2_c_int64_t, part)
        call check(all(part == noise(3:4)), 'noise')
        call check(quell_noise_key(7_c_int64_t, 1d0, 0.984375d0) == &
            -7797353022893274823_c_int64_t, 'a key')

        call check(quell_noise_place(0d0) == 0.5d0 .and. quell_noise_place(4d0) > 0.7d0, 'places')
        ! W(1) is the normal of stream (0, k), and what it does in two halves.
        call quell_noise(9_c_int64_t, quell_stream(0, 5), 77_c_int64_t, 8_c_int64_t, noise)
        call quell_noise_brownian(9_c_int64_t, 5, 1d0, 0d0, 77_c_int64_t, 8_c_int64_t, whole)
        call check(all(whole == noise), 'a path')
        call quell_noise_brownian(9_c_int64_t, 5, 1d0, 0.5d0, 77_c_int64_t, 8_c_int64_t, &
            halves(:, 1))
        call quell_noise_brownian(9_c_int64_t, 5, 0.5d0, 0d0, 77_c_int64_t, 8_c_int64_t, &
            halves(:, 2))
        call check(all(abs(sum(halves, 2) * sqrt(0.5) - whole) < 1e-5), 'halves of a path')
        call check(any(halves(:, 1) /= halves(:, 2)), 'halves are two')
    end subroutine
end module
