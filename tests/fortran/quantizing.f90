! SPDX-License-Identifier: MIT
! Quantising: the file and the report are those of C.
module quantizing
    use quell
    use quell_c_quantize
    use checking
    use, intrinsic :: iso_c_binding
    implicit none
    private
    public :: check_quantizing

    interface
        integer(c_size_t) function in_c_quantize_options(it) bind(c)
            import; type(c_quantize_options) :: it
        end function
        integer(c_size_t) function in_c_quantize_report(it) bind(c)
            import; type(c_quantize_report) :: it
        end function
        integer(c_size_t) function in_c_quantize_instruction(it) bind(c)
            import; type(c_quantize_instruction) :: it
        end function
        integer(c_int) function in_c_quantize(plain, out, report) bind(c)
            import; integer(c_int), value :: plain; character(kind=c_char) :: out(*)
            type(c_quantize_report) :: report
        end function
        integer(c_int) function getpid() bind(c)
            import
        end function
    end interface

    integer(c_int64_t) :: told = 0

contains

    subroutine check_quantizing()
        type(quell_quantize_options) :: options
        character(40) :: path
        write (path, '(a, i0)') '/tmp/quell-fortran-', getpid()
        call check_layouts()
        call check_made(trim(path), 1)
        options%bound = 0.04_c_double
        options%sampler = 'ddim'
        options%schedule = 'vp'
        options%sampling = quell_sampler_options(steps=10)
        options%guided = .true.
        options%times = [0, 1]
        options%weights = [1, 3]
        options%count = 4
        options%draw%seed = 3
        options%draw%classes = [0, 1, 0, 1]
        options%run%threads = 1
        options%run%progress => progress
        call check_made(trim(path), 0, options)
        call check(told > 0, 'the progress of quantising')
        call check_refusals(trim(path) // '.safetensors', options)
    end subroutine

    subroutine check_layouts()
        type(c_quantize_options) :: options
        type(c_quantize_report) :: report
        type(c_quantize_instruction) :: one
        call check(in_c_quantize_options(options) == c_sizeof(options), 'size of the options')
        call check(options%size == 1 .and. nint(options%bound) == 2 .and. at(options%sampler) == 3 &
            .and. at(options%schedule) == 4 .and. at(options%sampling) == 5 .and. &
            at(options%guidance) == 6 .and. at(options%guide) == 7 .and. at(options%draw) == 8 &
            .and. at(options%run) == 9, 'quell_quantize_options')
        call check(in_c_quantize_report(report) == c_sizeof(report), 'size of the report')
        call check(report%size == 1 .and. report%instructions == 2 .and. report%quantized == 3 &
            .and. all(nint([report%share, report%moved, report%deviation, report%wasserstein, &
            report%floor, report%seconds]) == [4, 5, 6, 7, 8, 9]) .and. report%runs == 10 .and. &
            report%bytes_before == 11 .and. report%bytes_after == 12, 'quell_quantize_report')
        call check(in_c_quantize_instruction(one) == c_sizeof(one), 'size of an instruction')
        call check(one%size == 1 .and. one%number == 2 .and. at(one%kind) == 3 .and. &
            at(one%weights) == 4 .and. one%multiply_adds == 5 .and. one%quantized == 6 .and. &
            one%tried == 7 .and. nint(one%moves) == 8 .and. at(one%why) == 9, &
            'quell_quantize_instruction')
    end subroutine

    integer function at(address)
        type(c_ptr), intent(in) :: address
        at = int(transfer(address, 0_c_intptr_t))
    end function

    subroutine check_made(path, plain, options)
        character(*), intent(in) :: path
        integer, intent(in) :: plain
        type(quell_quantize_options), intent(in), optional :: options
        type(quell_quantized) :: made
        type(c_quantize_report) :: report
        type(quell_model) :: model
        integer :: i
        call check(in_c_quantize(plain, path // '-c.safetensors' // c_null_char, report) == 0, &
            'C quantises')
        call quell_quantize(made, 'builtin:rings', path // '.safetensors', options)
        call check(contents(path // '.safetensors') == contents(path // '-c.safetensors'), &
            'the file that is quantised')
        call check(size(made%instructions) == report%instructions .and. &
            made%quantized == report%quantized .and. made%quantized > 0, 'what is quantised')
        call check(all([made%share, made%moved, made%deviation, made%wasserstein, made%floor] == &
            [report%share, report%moved, report%deviation, report%wasserstein, report%floor]) &
            .and. made%seconds > 0, 'how far the samples moved')
        call check(made%runs == report%runs .and. made%bytes_before == report%bytes_before .and. &
            made%bytes_after == len(contents(path // '.safetensors')), 'the sizes of the files')
        call check(count([(made%instructions(i)%quantized, i = 1, size(made%instructions))]) == &
            made%quantized, 'which are quantised')
        do i = 1, size(made%instructions)
            call check_instruction(made%instructions(i))
        end do
        call quell_model_load(model, path // '.safetensors')
        call check(all(model%shape == [2]), 'the model that was quantised')
        call quell_model_free(model)
        call removed(path // '.safetensors')
        call removed(path // '-c.safetensors')
    end subroutine

    subroutine check_instruction(one)
        type(quell_quantize_instruction), intent(in) :: one
        call check(one%kind == 'linear' .and. one%weights /= '' .and. one%multiply_adds > 0, &
            'an instruction')
        call check(one%quantized .eqv. one%why == '', 'why it stays as it is')
        call check(one%tried .eqv. one%moves > 0, 'how far it moves the samples')
    end subroutine

    subroutine check_refusals(path, options)
        character(*), intent(in) :: path
        type(quell_quantize_options), intent(inout) :: options
        type(quell_quantized) :: made
        character(200) :: errmsg
        integer :: stat
        call quell_quantize(made, 'builtin:grid25', path, stat=stat, errmsg=errmsg)
        call check(stat == QUELL_UNSUPPORTED .and. size(made%instructions) == 0, 'a mixture')
        call quell_quantize(made, 'builtin:rings', path, quell_quantize_options(count=3, &
            draw=options%draw), stat, errmsg)
        call check(stat == QUELL_BAD_ARGUMENT .and. &
            index(errmsg, 'the size of classes is 4, must be 3') > 0, 'classes for others')
        options%weights = [1, 2, 3]
        call quell_quantize(made, 'builtin:rings', path, options, stat, errmsg)
        call check(stat == QUELL_BAD_ARGUMENT .and. &
            index(errmsg, 'quantize: the shape of weights is (3), must be (2)') > 0, 'weights')
        options%weights = [1, 2]
        options%guided = .false.
        options%run%progress => stopping
        call quell_quantize(made, 'builtin:rings', path, options, stat, errmsg)
        call check(stat == QUELL_BAD_ARGUMENT .and. index(errmsg, 'guided') > 0, 'weights in vain')
        call quell_quantize(made, 'builtin:rings', path, quell_quantize_options(weight=3), stat, &
            errmsg)
        call check(stat == QUELL_BAD_ARGUMENT .and. index(errmsg, 'quantize: weight, low, ' // &
            'high or rescale of guidance is set, but guided is .false.') > 0, 'a weight in vain')
        options%guided = .true.
        call quell_quantize(made, 'builtin:rings', path, options, stat, errmsg)
        call check(stat == QUELL_STOPPED .and. len(contents(path)) == 0, 'stopped')
    end subroutine

    recursive subroutine progress(done, total, stat)
        integer(c_int64_t), intent(in) :: done, total
        integer, intent(inout) :: stat
        if (done <= total) told = max(told, done)
        if (done > total) stat = -1
    end subroutine

    recursive subroutine stopping(done, total, stat)
        integer(c_int64_t), intent(in) :: done, total
        integer, intent(inout) :: stat
        if (done <= total) stat = 1
    end subroutine

    ! The bytes of a file, or '' if there is none.
    function contents(path) result(bytes)
        character(*), intent(in) :: path
        character(:), allocatable :: bytes
        integer :: unit, size
        logical :: exists
        bytes = ''
        inquire(file=path, exist=exists, size=size)
        if (.not. exists) return
        open(newunit=unit, file=path, access='stream', form='unformatted', action='read')
        deallocate (bytes)
        allocate (character(size) :: bytes)
        read (unit) bytes
        close(unit)
    end function

    subroutine removed(path)
        character(*), intent(in) :: path
        integer :: unit
        open(newunit=unit, file=path)
        close(unit, status='delete')
    end subroutine
end module
