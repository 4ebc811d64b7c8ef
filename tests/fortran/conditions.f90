! SPDX-License-Identifier: MIT
! Conditions in Fortran: what a procedure that takes them is told.
module conditions
    use quell
    use checking
    use, intrinsic :: iso_c_binding
    implicit none
    private
    public :: check_conditions

contains

    recursive subroutine scale(call, x, mean, stat)
        type(quell_call), intent(in) :: call
        real(c_float), intent(in) :: x(:, :)
        real(c_float), intent(out) :: mean(:, :)
        integer, intent(inout) :: stat
        real(c_float), pointer, contiguous :: factor(:, :)
        integer :: row
        factor => quell_call_condition(call, 2)
        if (associated(factor) .or. associated(quell_call_condition(call, 0))) return
        factor => quell_call_condition(call, 1)
        do row = 1, size(x, 2)
            mean(:, row) = x(:, row) * factor(:, merge(1, row, size(factor, 2) == 1))
        end do
        if (size(factor, 1) /= 2) stat = -1
    end subroutine

    subroutine check_conditions()
        type(quell_condition) :: takes(1)
        type(quell_denoiser) :: denoiser
        type(quell_schedule) :: schedule
        type(quell_sampler) :: sampler
        type(quell_draw) :: draw
        real(c_float) :: x(2, 3), mean(2, 3)
        character(:), allocatable :: name
        character(200) :: errmsg
        integer(c_size_t), allocatable :: shape(:)
        integer :: stat
        x = 1
        takes(1)%name = 'factor'
        takes(1)%size = 2
        call quell_denoiser_from_function(denoiser, 2_c_size_t, scale, conditions=takes)
        call check(quell_denoiser_conditions(denoiser) == 1, 'one condition')
        call quell_denoiser_condition(denoiser, 1, name, shape)
        call check(name == 'factor' .and. size(shape) == 1 .and. shape(1) == 2, 'name and shape')
        call quell_denoiser_condition(denoiser, 2, name, shape)
        call check(name == '' .and. size(shape) == 0, 'no second condition')
        call quell_schedule_create(schedule, 'rectified')
        call quell_sampler_create(sampler, 'ddim', denoiser, schedule)

        draw%conditions = [quell_condition('factor', [2.0, 3.0])]
        call quell_denoise(sampler, draw, 0.5_c_double, x, mean)
        call check(all(mean == reshape([2.0, 3.0, 2.0, 3.0, 2.0, 3.0], [2, 3])), 'one for all')
        draw%conditions(1)%values = reshape([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [2, 3])
        call quell_denoise(sampler, draw, 0.5_c_double, x, mean, stat=stat, errmsg=errmsg)
        call check(stat == QUELL_BAD_ARGUMENT .and. index(errmsg, 'exclude') > 0, errmsg)
        deallocate(draw%conditions(1)%value)
        call quell_denoise(sampler, draw, 0.5_c_double, x, mean)
        call check(all(mean == reshape([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [2, 3])), 'one for each')

        draw%conditions(1)%values = reshape([2.0, 3.0], [2, 1])
        call quell_denoise(sampler, draw, 0.5_c_double, x, mean, stat=stat, errmsg=errmsg)
        call check(stat == QUELL_BAD_ARGUMENT .and. index(errmsg, 'a count of 1') > 0, errmsg)
        call quell_denoise(sampler, draw, 0.5_c_double, x(:, 1:1), mean(:, 1:1))
        call check(all(mean(:, 1) == [2.0, 3.0]), 'a list of one')

        draw%conditions = [quell_condition('factor', [2.0, 3.0])]
        draw%conditions(1)%size = 7
        call quell_denoise(sampler, draw, 0.5_c_double, x, mean, stat=stat, errmsg=errmsg)
        call check(stat == QUELL_BAD_ARGUMENT .and. &
            index(errmsg, "condition 'factor': size is 7, but the values have 2") > 0, errmsg)
        draw%conditions(1)%size = 2
        call quell_denoise(sampler, draw, 0.5_c_double, x, mean)

        draw%conditions = [quell_condition('factor', 2.0)]
        call quell_denoise(sampler, draw, 0.5_c_double, x, mean, stat=stat, errmsg=errmsg)
        call check(stat == QUELL_BAD_ARGUMENT .and. index(errmsg, 'must have 2') > 0, errmsg)
        deallocate(draw%conditions(1)%value)
        call quell_denoise(sampler, draw, 0.5_c_double, x, mean, stat=stat, errmsg=errmsg)
        call check(stat == QUELL_BAD_ARGUMENT .and. index(errmsg, 'is none') > 0, errmsg)
        deallocate(draw%conditions)
        call quell_denoise(sampler, draw, 0.5_c_double, x, mean, stat=stat, errmsg=errmsg)
        call check(stat == QUELL_BAD_ARGUMENT .and. index(errmsg, 'is missing') > 0, errmsg)

        allocate(draw%conditions(1))
        draw%conditions(1)%name = 'factor'
        takes(1)%value = [7.0, 8.0]
        call quell_sampler_free(sampler)
        call quell_denoiser_free(denoiser)
        call quell_denoiser_from_function(denoiser, 2_c_size_t, scale, conditions=takes)
        call quell_sampler_create(sampler, 'ddim', denoiser, schedule)
        call quell_denoise(sampler, draw, 0.5_c_double, x, mean)
        call check(all(mean == reshape([7.0, 8.0, 7.0, 8.0, 7.0, 8.0], [2, 3])), 'none')
        call quell_sampler_free(sampler)
        call quell_denoiser_free(denoiser)

        call check_negative(schedule)
        call quell_schedule_free(schedule)
    end subroutine

    ! Guidance of weight 3 away from the half of a factor is 2 of it.
    subroutine check_negative(schedule)
        type(quell_schedule), intent(in) :: schedule
        type(quell_condition) :: takes(1)
        type(quell_denoiser) :: denoiser, guided
        type(quell_sampler) :: sampler
        type(quell_draw) :: draw
        real(c_float) :: x(2, 3), mean(2, 3)
        integer :: stat
        character(200) :: errmsg
        x = 1
        takes(1)%name = 'factor'
        takes(1)%size = 2
        call quell_denoiser_from_function(denoiser, 2_c_size_t, scale, conditions=takes)
        call quell_denoiser_from_guidance(guided, denoiser, weight=3.0_c_double, &
            rescale=0.0_c_double)
        call quell_sampler_create(sampler, 'ddim', guided, schedule)
        draw%conditions = [quell_condition('factor', [2.0, 4.0])]
        draw%negative_conditions = [quell_condition('factor', [1.0, 2.0])]
        call quell_denoise(sampler, draw, 0.5_c_double, x, mean)
        call check(all(mean == reshape([4.0, 8.0, 4.0, 8.0, 4.0, 8.0], [2, 3])), 'negative')
        draw%negative_conditions = [quell_condition('factor', [2.0, 4.0])]
        call quell_sample_from(sampler, draw, x, stat=stat, errmsg=errmsg)
        call check(stat == QUELL_BAD_ARGUMENT .and. index(errmsg, 'has no effect') > 0, errmsg)
        deallocate(draw%conditions(1)%value, draw%negative_conditions(1)%value)
        draw%conditions(1)%values = reshape([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [2, 3])
        draw%negative_conditions(1)%values = draw%conditions(1)%values
        call quell_step(sampler, draw, 1d0, 0.5d0, x, stat=stat, errmsg=errmsg)
        call check(stat == QUELL_BAD_ARGUMENT .and. index(errmsg, 'has no effect') > 0, errmsg)
        call quell_denoise(sampler, draw, 0.5_c_double, x, mean, stat=stat, errmsg=errmsg)
        call check(stat == QUELL_BAD_ARGUMENT .and. index(errmsg, 'has no effect') > 0, errmsg)
        draw%part = .true.
        call quell_denoise(sampler, draw, 0.5_c_double, x, mean)
        draw%part = .false.
        draw%negative_conditions(1)%values(1, 2) = 7
        call quell_step(sampler, draw, 1d0, 0.5d0, x)
        call quell_sampler_free(sampler)
        call quell_denoiser_free(guided)
        call quell_denoiser_free(denoiser)
    end subroutine
end module
