! SPDX-License-Identifier: MIT
! Samples of several streams in Fortran: each is what it is in a draw of its own.
module streams
    use quell
    use checking
    use, intrinsic :: iso_c_binding
    implicit none
    private
    public :: check_streams

    integer(c_int64_t), parameter :: seeds(4) = [7_c_int64_t, 0_c_int64_t, 7_c_int64_t, &
        -1_c_int64_t], indices(4) = [0_c_int64_t, 5_c_int64_t, 1_c_int64_t, 9_c_int64_t]
    logical :: told = .true.

contains

    ! The seeds and the indices of a whole batch.
    recursive subroutine look(call, x, mean, stat)
        type(quell_call), intent(in) :: call
        real(c_float), intent(in) :: x(:, :)
        real(c_float), intent(out) :: mean(:, :)
        integer, intent(inout) :: stat
        integer(c_int64_t), pointer :: own(:)
        call c_f_pointer(call%seeds, own, [call%rows])
        told = told .and. all(own == seeds)
        call c_f_pointer(call%indices, own, [call%rows])
        told = told .and. all(own == indices)
        mean = x / 2
        stat = 0
    end subroutine

    subroutine check_streams()
        type(quell_denoiser) :: denoiser
        type(quell_schedule) :: schedule
        type(quell_sampler) :: sampler
        type(quell_draw) :: draw, alone
        real(c_float) :: x(3, 4), one(3, 1)
        character(200) :: errmsg
        integer :: i, stat
        call quell_denoiser_from_function(denoiser, 3_c_size_t, look, whole_batch=.true.)
        call quell_schedule_create(schedule, 'vp')
        call quell_sampler_create(sampler, 'ddpm', denoiser, schedule)
        draw%seeds = seeds
        draw%indices = indices
        call quell_sample(sampler, draw, x)
        call check(told, 'a function is told seeds and indices')
        call quell_sampler_free(sampler)
        call quell_denoiser_free(denoiser)

        call quell_denoiser_from_isotropic(denoiser, 3_c_size_t, 1.0_c_double)
        call quell_sampler_create(sampler, 'ddpm', denoiser, schedule)
        call quell_sample(sampler, draw, x)
        do i = 1, 4
            alone%seed = seeds(i)
            alone%first = indices(i)
            call quell_sample(sampler, alone, one)
            call check(all(x(:, i) == one(:, 1)), 'a sample of several streams')
        end do
        call quell_sample(sampler, draw, x(:, :3), stat=stat, errmsg=errmsg)
        call check(stat == QUELL_BAD_ARGUMENT .and. &
            index(errmsg, 'seeds is 4, must be 3, one for each sample') > 0, errmsg)
        draw%seed = 3
        call quell_sample(sampler, draw, x, stat=stat, errmsg=errmsg)
        call check(stat == QUELL_BAD_ARGUMENT .and. index(errmsg, 'leave one out') > 0, errmsg)
        draw%seed = 0
        draw%indices(2) = -1
        call quell_sample(sampler, draw, x, stat=stat, errmsg=errmsg)
        call check(stat == QUELL_BAD_ARGUMENT .and. index(errmsg, 'indices is -1') > 0, errmsg)
        call quell_sampler_free(sampler)
        call quell_denoiser_free(denoiser)
        call quell_schedule_free(schedule)
    end subroutine
end module
