! SPDX-License-Identifier: MIT
! Status and errors, and strings between C and Fortran.
!
! Every procedure that can fail takes stat and errmsg, as allocate does. With stat it returns a
! status, QUELL_OK or what was wrong, and errmsg says more. Without stat it ends the program, by an
! error stop with that message.
module quell_base
    use, intrinsic :: iso_c_binding
    use quell_c, only: c_status_name, c_status_text, c_error_message, c_error_sample, &
        c_error_set, c_version, c_strlen
    implicit none
    private
    public :: quell_finish, quell_refuse, quell_refuse_shape, quell_text, quell_check_text, &
        quell_check_count, quell_number
    public :: quell_status_name, quell_status_text, quell_error_message, quell_error_sample, &
        quell_error_set, quell_version

    enum, bind(c)
        enumerator :: QUELL_OK, QUELL_STOPPED, QUELL_BAD_ARGUMENT, QUELL_NO_MEMORY, &
            QUELL_NOT_FOUND, QUELL_UNSUPPORTED, QUELL_BAD_MODEL, QUELL_IO_FAILED, &
            QUELL_DENOISER_FAILED, QUELL_NOT_FINITE, QUELL_AFTER_FORK, QUELL_NO_PROGRESS, &
            QUELL_BUSY
    end enum
    public :: QUELL_OK, QUELL_STOPPED, QUELL_BAD_ARGUMENT, QUELL_NO_MEMORY, QUELL_NOT_FOUND, &
        QUELL_UNSUPPORTED, QUELL_BAD_MODEL, QUELL_IO_FAILED, QUELL_DENOISER_FAILED, &
        QUELL_NOT_FINITE, QUELL_AFTER_FORK, QUELL_NO_PROGRESS, QUELL_BUSY

    ! How messages begin that are of arrays of the caller's.
    character(12), parameter :: of_calls(*) = [character(12) :: 'run', 'transition', 'denoise', &
        'sampler', 'guidance', 'covariance', 'empirical', 'mixture', 'function']

contains

    ! Hands the status of a call of the C interface to the caller, or ends the program.
    recursive subroutine quell_finish(status, stat, errmsg)
        integer(c_int), intent(in) :: status
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        character(:), allocatable :: message
        if (present(stat)) stat = status
        if (status == QUELL_OK) return
        message = quell_error_message()
        if (present(errmsg)) errmsg = fitted(message, len(errmsg))
        if (.not. present(stat)) error stop 'quell: ' // message
    end subroutine

    ! Returns a message of at most `room` characters. A longer one loses its middle, where long
    ! names are.
    recursive function fitted(message, room) result(text)
        character(*), intent(in) :: message
        integer, intent(in) :: room
        character(:), allocatable :: text
        integer :: head, tail
        text = message
        if (len(message) <= room .or. room < 16) return
        head = room / 4
        tail = len(message) - (room - 3 - head) + 1
        do while (head > 0 .and. continues(message(head + 1:head + 1)))
            head = head - 1
        end do
        do while (tail < len(message) .and. continues(message(tail:tail)))
            tail = tail + 1
        end do
        text = message(:head) // '...' // message(tail:)
    end function

    ! Whether a byte is the second or a later one of a character in UTF-8.
    recursive logical function continues(byte)
        character, intent(in) :: byte
        continues = iand(ichar(byte), 192) == 128
    end function

    ! Reports a failure that Fortran sees and C cannot see, such as arrays of different lengths.
    recursive subroutine quell_refuse(message, stat, errmsg)
        character(*), intent(in) :: message
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        call quell_error_set(int(QUELL_BAD_ARGUMENT), message)
        call quell_finish(QUELL_BAD_ARGUMENT, stat, errmsg)
    end subroutine

    ! Refuses an array of another shape. what: 'denoiser: the shape of mean'.
    recursive subroutine quell_refuse_shape(what, has, wanted, stat, errmsg)
        character(*), intent(in) :: what
        integer(c_size_t), intent(in) :: has(:), wanted(:)
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        call quell_refuse(what // ' is ' // sizes(has) // ', must be ' // sizes(wanted), stat, &
            errmsg)
    end subroutine

    ! A shape as text, '(3, 2)'.
    recursive function sizes(of) result(text)
        integer(c_size_t), intent(in) :: of(:)
        character(:), allocatable :: text
        integer :: i
        text = '('
        do i = 1, size(of)
            if (i > 1) text = text // ', '
            text = text // quell_number(int(of(i), c_int64_t))
        end do
        text = text // ')'
    end function

    ! Refuses a text with a NUL in it, where it would end for C. Returns a status.
    recursive integer(c_int) function quell_check_text(what, text) result(status)
        character(*), intent(in) :: what, text
        status = QUELL_OK
        if (index(text, c_null_char) == 0) return
        status = QUELL_BAD_ARGUMENT
        call quell_error_set(int(status), what // ': has a NUL in it: leave it out')
    end function

    ! Refuses a negative count, which would be some 2^64 for C. Returns a status.
    recursive integer(c_int) function quell_check_count(what, count) result(status)
        character(*), intent(in) :: what
        integer(c_int64_t), intent(in) :: count
        status = QUELL_OK
        if (count >= 0) return
        status = QUELL_BAD_ARGUMENT
        call quell_error_set(int(status), &
            what // ' is ' // quell_number(count) // ': must not be negative')
    end function

    ! A number as text.
    recursive function quell_number(number) result(text)
        integer(c_int64_t), intent(in) :: number
        character(:), allocatable :: text
        character(24) :: digits
        write(digits, '(i0)') number
        text = trim(digits)
    end function

    ! Returns the text at an address, '' for NULL.
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

    ! Returns the name of a status, such as 'QUELL_NO_MEMORY'.
    recursive function quell_status_name(status) result(name)
        integer, intent(in) :: status
        character(:), allocatable :: name
        name = quell_text(c_status_name(int(status, c_int)))
    end function

    ! Returns the meaning of a status, such as 'out of memory'.
    recursive function quell_status_text(status) result(text)
        integer, intent(in) :: status
        character(:), allocatable :: text
        text = quell_text(c_status_text(int(status, c_int)))
    end function

    ! Returns one line on the last failure of a quell call in this thread, '' if none has failed.
    recursive function quell_error_message() result(message)
        character(:), allocatable :: message
        message = of_fortran(quell_text(c_error_message()))
    end function

    ! A message in which elements of arrays are those of Fortran: x[1][0] of C is x(1, 2). What
    ! files have in brackets stays.
    recursive function of_fortran(message) result(text)
        character(*), intent(in) :: message
        character(:), allocatable :: text, first
        integer :: at, next
        text = message
        if (.not. any(message(:max(index(message, ':') - 1, 0)) == of_calls)) return
        text = ''
        at = 1
        do while (at <= len(message))
            first = place(message(at:))
            if (first == '') then
                text = text // message(at:at)
                at = at + 1
                cycle
            end if
            next = at + index(message(at:), ']')
            if (place(message(next:)) == '') then
                text = text // '(' // first // ')'
            else
                text = text // '(' // place(message(next:)) // ', ' // first // ')'
                next = next + index(message(next:), ']')
            end if
            at = next
        end do
    end function

    ! The number in brackets that a text begins with, counted from 1 on; '' if there is none.
    recursive function place(text) result(number)
        character(*), intent(in) :: text
        character(:), allocatable :: number
        integer(c_int64_t) :: from_0
        integer :: last
        number = ''
        last = index(text, ']')
        if (last < 3 .or. last > 20) return
        if (text(1:1) /= '[' .or. verify(text(2:last - 1), '0123456789') /= 0) return
        read(text(2:last - 1), '(i18)') from_0
        number = quell_number(from_0 + 1)
    end function

    ! Returns whether the last failure of a quell call in this thread was in a sample. Then `sample`
    ! is its number, and `transition` the number of its transition, from 0 on.
    recursive logical function quell_error_sample(sample, transition)
        integer(c_int64_t), intent(inout), optional :: sample
        integer(c_size_t), intent(inout), optional :: transition
        integer(c_int64_t) :: found
        integer(c_size_t) :: at
        quell_error_sample = c_error_sample(found, at) /= 0
        if (quell_error_sample .and. present(sample)) sample = found
        if (quell_error_sample .and. present(transition)) transition = at
    end function

    ! Records the line for quell_error_message in this thread, for a failure of the caller's.
    recursive subroutine quell_error_set(status, message)
        integer, intent(in) :: status
        character(*), intent(in) :: message
        integer(c_int) :: same
        same = c_error_set(int(status, c_int), trim(message) // c_null_char)
    end subroutine

    ! Returns the version of the library that the program runs with.
    recursive function quell_version() result(version)
        character(:), allocatable :: version
        version = quell_text(c_version())
    end function
end module
