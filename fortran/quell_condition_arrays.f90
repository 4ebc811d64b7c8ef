! SPDX-License-Identifier: MIT
! Conditions: real arrays by name that a denoiser is told beside x, the time and the class.
! quell_condition in quell/condition.h says more.
module quell_condition_arrays
    use, intrinsic :: iso_c_binding
    use quell_base
    use quell_c, only: quell_call, c_condition
    implicit none
    private
    public :: quell_condition, quell_call_condition, quell_conditions_held, quell_conditions_for_c

    ! In a draw: value(size) for all samples, or values(size, count) for each, or neither where the
    ! samples are without it; quell_condition('energy', 50.0) and quell_condition('field', vector)
    ! make one for all samples. Of what a function takes: value(size) is what stands for none and,
    ! without it, `size` says how many elements there are.
    type :: quell_condition
        character(:), allocatable :: name
        real(c_float), allocatable :: value(:)
        real(c_float), allocatable :: values(:, :)
        integer(c_size_t) :: size = 0
    end type

    interface quell_condition
        module procedure of_number, of_vector
    end interface

    type :: held_name
        character(:), allocatable :: text
    end type

    ! What must last as long as a call of C.
    type :: quell_conditions_held
        type(c_condition), allocatable :: conditions(:)
        type(held_name), allocatable :: names(:)
    end type

contains

    recursive type(quell_condition) function of_number(name, value) result(made)
        character(*), intent(in) :: name
        real(c_float), intent(in) :: value
        made%name = name
        allocate(made%value(1))
        made%value(1) = value
    end function

    recursive type(quell_condition) function of_vector(name, values) result(made)
        character(*), intent(in) :: name
        real(c_float), intent(in) :: values(:)
        made%name = name
        allocate(made%value(size(values)))
        made%value(:) = values
    end function

    ! Makes C's form of conditions, which refers to them and to what is held.
    recursive integer(c_int) function quell_conditions_for_c(conditions, held) result(status)
        type(quell_condition), intent(in), target :: conditions(:)
        type(quell_conditions_held), intent(inout), target :: held
        integer :: i
        if (allocated(held%conditions)) deallocate(held%conditions, held%names)
        allocate(held%conditions(size(conditions)), held%names(size(conditions)))
        status = QUELL_OK
        do i = 1, size(conditions)
            if (.not. allocated(conditions(i)%name)) then
                status = QUELL_BAD_ARGUMENT
                call quell_error_set(int(status), 'condition: it must have a name')
                return
            end if
            status = quell_check_text('condition: name', conditions(i)%name)
            if (status /= QUELL_OK) return
            held%names(i)%text = trim(conditions(i)%name) // c_null_char
            held%conditions(i) = c_condition(c_loc(held%names(i)%text), c_null_ptr, 0, &
                conditions(i)%size)
            if (allocated(conditions(i)%value)) then
                if (allocated(conditions(i)%values)) then
                    status = QUELL_BAD_ARGUMENT
                    call quell_error_set(int(status), 'condition: value, for all samples, and ' // &
                        'values, for each, exclude each other')
                    return
                end if
                held%conditions(i)%size = size(conditions(i)%value, kind=c_size_t)
                if (size(conditions(i)%value) > 0) &
                    held%conditions(i)%values = c_loc(conditions(i)%value)
            end if
            if (allocated(conditions(i)%values)) then
                held%conditions(i)%size = size(conditions(i)%values, 1, kind=c_size_t)
                held%conditions(i)%count = size(conditions(i)%values, 2, kind=c_size_t)
                if (size(conditions(i)%values) > 0) &
                    held%conditions(i)%values = c_loc(conditions(i)%values)
            end if
            status = check_size(conditions(i), held%conditions(i)%size)
            if (status /= QUELL_OK) return
        end do
    end function

    ! Refuses a member `size` that is set to something else than the values have.
    recursive integer(c_int) function check_size(condition, own) result(status)
        type(quell_condition), intent(in) :: condition
        integer(c_size_t), intent(in) :: own
        character(200) :: message
        status = QUELL_OK
        if (condition%size == 0 .or. condition%size == own) return
        status = QUELL_BAD_ARGUMENT
        write (message, '(3a, i0, a, i0)') "condition '", condition%name, "': size is ", &
            condition%size, ", but the values have ", own
        call quell_error_set(int(status), trim(message))
    end function

    ! The values of condition number i, from 1 on, of a call: values(size, 1) if all rows have the
    ! same, else values(size, rows). Not associated if there is no condition of that number.
    recursive function quell_call_condition(call, i) result(values)
        type(quell_call), intent(in) :: call
        integer, intent(in) :: i
        real(c_float), pointer, contiguous :: values(:, :)
        type(c_condition), pointer :: conditions(:)
        nullify (values)
        if (i < 1 .or. i > call%condition_count) return
        call c_f_pointer(call%conditions, conditions, [i])
        call c_f_pointer(conditions(i)%values, values, &
            [conditions(i)%size, max(conditions(i)%count, 1_c_size_t)])
    end function
end module
