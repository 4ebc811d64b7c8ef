! SPDX-License-Identifier: MIT
! Status and errors, names, and strings between C and Fortran.
!
! Every procedure that can fail takes stat and errmsg, as allocate does: with stat it returns a
! status, QUELL_OK or what went wrong, and errmsg says more; without, it ends the program by an
! error stop with that message.
module quell_base
    use, intrinsic :: iso_c_binding
    use quell_c, only: c_status_name, c_error_message, c_version, c_strlen, c_sampler_name, &
        c_schedule_name, c_grid_name, c_builtin_name, c_isa_name
    implicit none
    private
    public :: quell_finish, quell_refuse, quell_text
    public :: quell_status_name, quell_version, quell_sampler_name, quell_schedule_name, &
        quell_grid_name, quell_builtin_name, quell_isa_name

    enum, bind(c)
        enumerator :: QUELL_OK, QUELL_STOPPED, QUELL_BAD_ARGUMENT, QUELL_NO_MEMORY, &
            QUELL_NOT_FOUND, QUELL_UNSUPPORTED, QUELL_BAD_MODEL, QUELL_IO_FAILED, &
            QUELL_DENOISER_FAILED, QUELL_NOT_FINITE, QUELL_AFTER_FORK, QUELL_NO_PROGRESS
    end enum
    public :: QUELL_OK, QUELL_STOPPED, QUELL_BAD_ARGUMENT, QUELL_NO_MEMORY, QUELL_NOT_FOUND, &
        QUELL_UNSUPPORTED, QUELL_BAD_MODEL, QUELL_IO_FAILED, QUELL_DENOISER_FAILED, &
        QUELL_NOT_FINITE, QUELL_AFTER_FORK, QUELL_NO_PROGRESS

contains

    ! What a call of the C interface gave, for the caller.
    recursive subroutine quell_finish(status, stat, errmsg)
        integer(c_int), intent(in) :: status
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        character(:), allocatable :: message
        if (present(stat)) stat = status
        if (status == QUELL_OK) return
        message = quell_text(c_error_message())
        if (present(errmsg)) errmsg = message
        if (.not. present(stat)) error stop 'quell: ' // message
    end subroutine

    ! A failure that Fortran sees and C cannot, such as arrays of different lengths.
    recursive subroutine quell_refuse(message, stat, errmsg)
        character(*), intent(in) :: message
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        if (.not. present(stat)) error stop 'quell: ' // message
        stat = QUELL_BAD_ARGUMENT
        if (present(errmsg)) errmsg = message
    end subroutine

    ! The text at an address, '' for NULL.
    recursive function quell_text(address) result(text)
        type(c_ptr), intent(in) :: address
        character(:), allocatable :: text
        character(kind=c_char), pointer :: characters(:)
        integer(c_size_t) :: i
        if (.not. c_associated(address)) then
            text = ''
            return
        end if
        call c_f_pointer(address, characters, [c_strlen(address)])
        allocate(character(size(characters)) :: text)
        do i = 1, size(characters, kind=c_size_t)
            text(i:i) = characters(i)
        end do
    end function

    ! 'QUELL_NO_MEMORY'
    recursive function quell_status_name(status) result(name)
        integer, intent(in) :: status
        character(:), allocatable :: name
        name = quell_text(c_status_name(int(status, c_int)))
    end function

    ! The version of the library at run time.
    recursive function quell_version() result(version)
        character(:), allocatable :: version
        version = quell_text(c_version())
    end function

    ! What there is: number i, from 1 on; '' past the end.
    recursive function quell_sampler_name(i) result(name)
        integer, intent(in) :: i
        character(:), allocatable :: name
        name = quell_text(c_sampler_name(int(i - 1, c_size_t)))
    end function

    recursive function quell_schedule_name(i) result(name)
        integer, intent(in) :: i
        character(:), allocatable :: name
        name = quell_text(c_schedule_name(int(i - 1, c_size_t)))
    end function

    recursive function quell_grid_name(i) result(name)
        integer, intent(in) :: i
        character(:), allocatable :: name
        name = quell_text(c_grid_name(int(i - 1, c_size_t)))
    end function

    recursive function quell_builtin_name(i) result(name)
        integer, intent(in) :: i
        character(:), allocatable :: name
        name = quell_text(c_builtin_name(int(i - 1, c_size_t)))
    end function

    recursive function quell_isa_name(i) result(name)
        integer, intent(in) :: i
        character(:), allocatable :: name
        name = quell_text(c_isa_name(int(i - 1, c_size_t)))
    end function
end module
