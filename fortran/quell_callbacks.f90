! SPDX-License-Identifier: MIT
! Denoisers of the caller's own: a procedure, or an object with a procedure and data of its own.
module quell_callbacks
    use, intrinsic :: iso_c_binding
    use quell_base
    use quell_c, only: quell_call, c_function_options, c_denoiser_from_function
    use quell_condition_arrays
    use quell_denoisers, only: quell_denoiser
    implicit none
    private
    public :: quell_denoise_fn, quell_denoise_object, quell_denoiser_from_function

    abstract interface
        ! Reads x(dim, rows) and writes mean(dim, rows). It is called from many threads at once,
        ! unless with whole_batch. stat is 0 on entry; < 0 means an error, and > 0 stops the run.
        subroutine quell_denoise_fn(call, x, mean, stat)
            import
            type(quell_call), intent(in) :: call
            real(c_float), intent(in) :: x(:, :)
            real(c_float), intent(out) :: mean(:, :)
            integer, intent(inout) :: stat
        end subroutine
    end interface

    ! Extend this type by the data that the denoiser needs. Calls with the same call%worker do not
    ! overlap within a run, so it may index scratch memory.
    type, abstract :: quell_denoise_object
    contains
        procedure(denoise_method), deferred :: denoise
    end type

    abstract interface
        subroutine denoise_method(self, call, x, mean, stat)
            import
            class(quell_denoise_object), intent(inout) :: self
            type(quell_call), intent(in) :: call
            real(c_float), intent(in) :: x(:, :)
            real(c_float), intent(out) :: mean(:, :)
            integer, intent(inout) :: stat
        end subroutine
    end interface

    ! Creates a denoiser for dim elements from a procedure, or from an object. The object must be a
    ! target, and must last as long as anything that holds the denoiser. An internal procedure must
    ! not be used after its host has returned. By keyword:
    !
    ! output: what the function's output is: 'x0', 'eps', 'v', 'score' or 'flow'
    ! precondition: how its input and its time are made: 'none', 'simple', 'karras', 'unscaled' or
    !   'straight'
    ! whole_batch: whether it is called once for all samples of a run
    ! reproducible: whether a column of the output depends, to the last bit, only on that column of
    !   the input, on the point, and on what the call says of that sample, but on no other column
    ! variance: what the function has learned of the variance: 'none' or 'learned_range'
    ! classes: the number of classes
    ! digest: a number of the caller's that says what the function computes
    ! conditions: the conditions that the function takes
    !
    ! quell_function_options in quell/function.h says more.
    interface quell_denoiser_from_function
        module procedure from_procedure, from_object
    end interface

    type :: box
        class(quell_denoise_object), pointer :: object
    end type

contains

    recursive subroutine from_procedure(denoiser, dim, function, output, precondition, &
        whole_batch, reproducible, variance, classes, digest, conditions, stat, errmsg)
        type(quell_denoiser), intent(out) :: denoiser
        integer(c_size_t), intent(in) :: dim
        procedure(quell_denoise_fn) :: function
        character(*), intent(in), optional :: output, precondition, variance
        logical, intent(in), optional :: whole_batch, reproducible
        integer(c_size_t), intent(in), optional :: classes
        integer(c_int64_t), intent(in), optional :: digest
        type(quell_condition), intent(in), target, optional :: conditions(:)
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        call quell_finish(create(denoiser, dim, c_funloc(call_procedure), &
            transfer(c_funloc(function), c_null_ptr), c_null_funptr, output, precondition, &
            whole_batch, reproducible, variance, classes, digest, conditions), stat, errmsg)
    end subroutine

    recursive subroutine from_object(denoiser, dim, object, output, precondition, whole_batch, &
        reproducible, variance, classes, digest, conditions, stat, errmsg)
        type(quell_denoiser), intent(out) :: denoiser
        integer(c_size_t), intent(in) :: dim
        class(quell_denoise_object), intent(in), target :: object
        character(*), intent(in), optional :: output, precondition, variance
        logical, intent(in), optional :: whole_batch, reproducible
        integer(c_size_t), intent(in), optional :: classes
        integer(c_int64_t), intent(in), optional :: digest
        type(quell_condition), intent(in), target, optional :: conditions(:)
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(box), pointer :: own
        integer(c_int) :: status
        allocate(own)
        own%object => object
        status = create(denoiser, dim, c_funloc(call_object), c_loc(own), c_funloc(release), &
            output, precondition, whole_batch, reproducible, variance, classes, digest, conditions)
        if (status /= QUELL_OK) deallocate(own)
        call quell_finish(status, stat, errmsg)
    end subroutine

    recursive integer(c_int) function create(denoiser, dim, function, user, release, output, &
        precondition, whole_batch, reproducible, variance, classes, digest, conditions)
        type(quell_denoiser), intent(inout) :: denoiser
        integer(c_size_t), intent(in) :: dim
        ! Passed by value, because gfortran would refer to a constant that needs relocation in
        ! read-only memory.
        type(c_funptr), value :: function, release
        type(c_ptr), value :: user
        character(*), intent(in), optional :: output, precondition, variance
        logical, intent(in), optional :: whole_batch, reproducible
        integer(c_size_t), intent(in), optional :: classes
        integer(c_int64_t), intent(in), optional :: digest
        type(quell_condition), intent(in), target, optional :: conditions(:)
        type(quell_conditions_held), target :: held
        character(:), allocatable, target :: c_output, c_precondition, c_variance
        type(c_function_options) :: options
        c_output = terminated('x0', output)
        c_precondition = terminated('none', precondition)
        c_variance = terminated('none', variance)
        options = c_function_options(c_sizeof(options), c_loc(c_output), c_loc(c_precondition), &
            0, 0, c_loc(c_variance), release, 0, 0, c_null_ptr, 0)
        if (present(whole_batch)) options%whole_batch = merge(1, 0, whole_batch)
        if (present(classes)) options%classes = classes
        if (present(digest)) options%digest = digest
        if (present(reproducible)) options%reproducible = merge(1, 0, reproducible)
        create = quell_check_count('denoiser: dim', int(dim, c_int64_t))
        if (create == QUELL_OK .and. present(classes)) &
            create = quell_check_count('denoiser: classes', int(classes, c_int64_t))
        if (create == QUELL_OK .and. present(output)) &
            create = quell_check_text('denoiser: output', output)
        if (create == QUELL_OK .and. present(precondition)) &
            create = quell_check_text('denoiser: precondition', precondition)
        if (create == QUELL_OK .and. present(variance)) &
            create = quell_check_text('denoiser: variance', variance)
        if (create == QUELL_OK .and. present(conditions)) then
            create = quell_conditions_for_c(conditions, held)
            options%condition_count = size(conditions, kind=c_size_t)
            if (size(conditions) > 0) options%conditions = c_loc(held%conditions)
        end if
        if (create == QUELL_OK) &
            create = c_denoiser_from_function(denoiser%handle, dim, function, user, options)
    end function

    recursive function terminated(default, given) result(text)
        character(*), intent(in) :: default
        character(*), intent(in), optional :: given
        character(:), allocatable :: text
        text = default // c_null_char
        if (present(given)) text = trim(given) // c_null_char
    end function

    recursive integer(c_int) function call_procedure(user, call, input, output) bind(c)
        type(c_ptr), value :: user
        type(quell_call), intent(in) :: call
        real(c_float), intent(in) :: input(call%dim, call%rows)
        real(c_float), intent(inout) :: output(call%dim, call%rows)
        procedure(quell_denoise_fn), pointer :: own
        integer :: stat
        call c_f_procpointer(transfer(user, c_null_funptr), own)
        stat = 0
        call own(call, input, output, stat)
        call_procedure = int(stat, c_int)
    end function

    recursive integer(c_int) function call_object(user, call, input, output) bind(c)
        type(c_ptr), value :: user
        type(quell_call), intent(in) :: call
        real(c_float), intent(in) :: input(call%dim, call%rows)
        real(c_float), intent(inout) :: output(call%dim, call%rows)
        type(box), pointer :: own
        integer :: stat
        call c_f_pointer(user, own)
        stat = 0
        call own%object%denoise(call, input, output, stat)
        call_object = int(stat, c_int)
    end function

    recursive subroutine release(user) bind(c)
        type(c_ptr), value :: user
        type(box), pointer :: own
        call c_f_pointer(user, own)
        deallocate(own)
    end subroutine
end module
