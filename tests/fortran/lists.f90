! SPDX-License-Identifier: MIT
! Names and what is known of them, messages, and noise by its address.
module lists
    use quell
    use checking
    use, intrinsic :: iso_c_binding
    implicit none
    private
    public :: check_lists, check_noises

contains

    subroutine check_lists()
        character(:), allocatable :: isa
        type(quell_entry), allocatable :: samplers(:), others(:)
        integer :: i, stat
        call check(quell_version() /= '', 'the version')
        call quell_list(QUELL_LIST_SAMPLERS, samplers)
        call quell_list_find(QUELL_LIST_SAMPLERS, 'heun', i)
        call check(samplers(i)%name == 'heun' .and. samplers(i)%order == 2 .and. &
            samplers(i)%evaluations == 2 .and. samplers(i)%stochastic == 1, 'heun')
        call check(samplers(i)%source == 'arXiv:2206.00364' .and. samplers(i)%available .and. &
            size(samplers(i)%options) > 2, 'more on heun')
        call quell_list_find(QUELL_LIST_SAMPLERS, 'dpmpp_2m', i)
        call check(samplers(i)%name == 'xeab' .and. samplers(i)%options(1)%name == 'order' .and. &
            samplers(i)%options(1)%type == QUELL_OPTION_WHOLE, 'an alias')
        call check(any([(samplers(i)%aliases(stat)%name == 'dpmpp_2m' .and. &
            samplers(i)%aliases(stat)%spec == 'xeab:order=2,solver=midpoint', &
            stat = 1, size(samplers(i)%aliases))]), 'its spec')
        call quell_list_find(QUELL_LIST_SAMPLERS, 'nonsense', i, stat)
        call check(stat == QUELL_NOT_FOUND .and. i == 0, 'no such sampler')
        call quell_list(QUELL_LIST_SCHEDULES, others)
        call check(others(1)%name == 'vp' .and. others(1)%summary /= '', 'schedules')
        call quell_list(QUELL_LIST_GRIDS, others)
        call check(others(1)%name == 'linear' .and. &
            others(1)%options(1)%choices == 'min|zero', 'grids')
        call quell_list(QUELL_LIST_MODELS, others)
        call check(others(1)%name == 'builtin:grid25' .and. size(others(1)%aliases) == 0, 'models')
        call quell_list(QUELL_LIST_ISAS, others)
        call check(others(1)%name == 'scalar' .and. others(1)%available, 'instruction sets')
        call quell_list(-1, others, stat)
        call check(stat == QUELL_BAD_ARGUMENT .and. size(others) == 0, 'no such list')

        call check(quell_isa_available('scalar'), 'scalar')
        call check(.not. quell_isa_available('nonsense'), 'no such instruction set')
        call quell_isa_default(isa)
        call check(quell_isa_available(isa), 'the default')

        call check(quell_status_name(QUELL_NO_MEMORY) == 'QUELL_NO_MEMORY' .and. &
            quell_status_text(QUELL_NO_MEMORY) == 'out of memory', 'a status')
        call quell_error_set(QUELL_IO_FAILED, 'the tape is torn')
        call check(quell_error_message() == 'the tape is torn', 'a message')
    end subroutine

    subroutine check_noises()
        real(c_float) :: noise(4), part(2), whole(4), halves(4, 2)
        character(200) :: errmsg
        integer :: stat
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
        call quell_noise_brownian(9_c_int64_t, -1, 1d0, 0d0, 77_c_int64_t, 8_c_int64_t, whole, &
            stat, errmsg)
        call check(stat == QUELL_BAD_ARGUMENT .and. &
            index(errmsg, 'noise: slot -1, must be from 0 to 7') > 0, 'a slot')
    end subroutine
end module
