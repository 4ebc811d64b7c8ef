! SPDX-License-Identifier: MIT
! What is drawn and how it is drawn, in Fortran and for C. quell/run.h says what the members mean.
module quell_run_options
    use, intrinsic :: iso_c_binding
    use quell_base
    use quell_c, only: quell_point, quell_call, c_progress, c_draw, c_run
    use quell_c_samplers, only: c_sampler_dim
    use quell_condition_arrays
    use quell_samplers, only: quell_sampler
    implicit none
    private
    public :: quell_draw, quell_run, quell_body, quell_body_run, quell_progress_fn, &
        quell_observe_fn, quell_parallel_fn, quell_run_held, quell_run_for_c, &
        quell_run_of_dim

    ! What a parallel-for runs: for i from 0 to workers - 1, by quell_body_run(body, i).
    type :: quell_body
        private
        type(c_funptr) :: function = c_null_funptr
        type(c_ptr) :: data = c_null_ptr
    end type

    abstract interface
        ! Is told of a run's progress, some 20 to 40 times a second: `done` transitions out of
        ! `total`, over all samples. stat is 0 on entry; > 0 stops the run, and < 0 means an error.
        subroutine quell_progress_fn(done, total, stat)
            import
            integer(c_int64_t), intent(in) :: done, total
            integer, intent(inout) :: stat
        end subroutine

        ! Sees every tile after every transition, from 0 on: x(dim, rows) at the point s. `told` is
        ! what a denoiser from a procedure would be told of these samples. It is called from many
        ! threads at once. stat is as for quell_progress_fn.
        subroutine quell_observe_fn(transition, s, told, x, stat)
            import
            integer(c_size_t), intent(in) :: transition
            type(quell_point), intent(in) :: s
            type(quell_call), intent(in) :: told
            real(c_float), intent(in) :: x(:, :)
            integer, intent(inout) :: stat
        end subroutine

        ! A host's own parallel-for: calls quell_body_run(body, i) once for every i from 0 to
        ! workers - 1, from any threads, at the same time or one after the other, and returns when
        ! all are done. stat is 0 on entry; < 0 means that it could not run them all.
        subroutine quell_parallel_fn(workers, body, stat)
            import
            integer(c_size_t), intent(in) :: workers
            type(quell_body), intent(in) :: body
            integer, intent(inout) :: stat
        end subroutine

        subroutine c_body(data, i) bind(c)
            import
            type(c_ptr), value :: data
            integer(c_size_t), value :: i
        end subroutine
    end interface

    ! What is drawn: the samples first, first + 1, ... of this seed, as many as x has columns. A
    ! class is counted from 0; -1 is none.
    type :: quell_draw
        integer(c_int64_t) :: seed = 0  ! the seed
        integer(c_int64_t) :: first = 0 ! the index of the first sample

        integer(c_int64_t), allocatable :: seeds(:)   ! the seed of each sample, in place of seed
        integer(c_int64_t), allocatable :: indices(:) ! the index of each sample, in place of first

        integer(c_int32_t), allocatable :: classes(:) ! the class of each sample
        type(quell_condition), allocatable :: conditions(:) ! the conditions of the samples

        ! The class that guidance by itself leads away from, of each sample, in place of none.
        integer(c_int32_t), allocatable :: negative_classes(:)
        ! The conditions that guidance by itself leads away from, in place of none of them.
        type(quell_condition), allocatable :: negative_conditions(:)

        ! What the caller's denoisers, steps and observers are handed.
        type(c_ptr) :: context = c_null_ptr

        ! Such as a batch of a long run: guidance need not change any of them then.
        logical :: part = .false. ! whether these samples are a part of a larger set
    end type

    ! How it is drawn. Nothing here changes a bit of a sample. 0 threads are as many as the machine
    ! allows, and 1 inside a parallel region; with `parallel`, `threads` is the number of workers,
    ! and not 0. The procedures may be internal ones, if the compiler has them.
    type :: quell_run
        integer(c_size_t) :: threads = 0 ! the upper bound on the number of threads
        integer(c_size_t) :: tile = 0    ! how many samples a thread draws at a time
        character(:), allocatable :: isa ! the name of the instruction set
        ! It is told of the progress.
        procedure(quell_progress_fn), pointer, nopass :: progress => null()
        ! It sees every tile after every transition.
        procedure(quell_observe_fn), pointer, nopass :: observe => null()
        ! The host's own parallel-for, in place of quell's threads.
        procedure(quell_parallel_fn), pointer, nopass :: parallel => null()
    end type

    ! What must last as long as a call of C: the structs, the procedures that C calls, and strings.
    type :: quell_run_held
        integer(c_size_t) :: dim = 0
        type(c_draw) :: draw
        type(c_run) :: run
        type(quell_conditions_held) :: conditions, negative_conditions
        procedure(quell_progress_fn), pointer, nopass :: progress => null()
        procedure(quell_observe_fn), pointer, nopass :: observe => null()
        procedure(quell_parallel_fn), pointer, nopass :: parallel => null()
        character(:), allocatable :: isa
    end type

contains

    ! Runs number i of a parallel-for.
    recursive subroutine quell_body_run(body, i)
        type(quell_body), intent(in) :: body
        integer(c_size_t), intent(in) :: i
        procedure(c_body), pointer :: function
        call c_f_procpointer(body%function, function)
        call function(body%data, i)
    end subroutine

    ! Makes the structs for C, held%draw and held%run. There are `count` samples, of which those in
    ! x(dim, rows) are to be drawn here; shape is that of x. The structs point to the draw and to
    ! what is held. Returns a status, which is an error if the lengths do not fit.
    recursive integer(c_int) function quell_run_for_c(sampler, draw, run, shape, count, held) &
        result(status)
        type(quell_sampler), intent(in) :: sampler
        type(quell_draw), intent(in), target :: draw
        type(quell_run), intent(in), optional :: run
        integer(c_size_t), intent(in) :: shape(2), count
        type(quell_run_held), intent(inout), target :: held
        if (.not. c_associated(sampler%handle)) then
            status = QUELL_BAD_ARGUMENT
            call quell_error_set(int(status), 'run: there is no sampler')
        else
            status = quell_run_of_dim(c_sampler_dim(sampler%handle), draw, run, shape, count, held)
        end if
    end function

    ! The same for samples of `dim` elements.
    recursive integer(c_int) function quell_run_of_dim(dim, draw, run, shape, count, held) &
        result(status)
        integer(c_size_t), intent(in) :: dim
        type(quell_draw), intent(in), target :: draw
        type(quell_run), intent(in), optional :: run
        integer(c_size_t), intent(in) :: shape(2), count
        type(quell_run_held), intent(inout), target :: held
        type(quell_run) :: how
        if (present(run)) how = run
        status = check(dim, draw, shape)
        if (status == QUELL_OK) status = check_counts(draw, how, count)
        if (status /= QUELL_OK) return
        held%dim = shape(1)
        held%draw = c_draw(c_sizeof(held%draw), draw%seed, draw%first, count, c_null_ptr, &
            c_null_ptr, c_null_ptr, c_null_ptr, 0, c_null_ptr, c_null_ptr, 0, draw%context, &
            merge(1, 0, draw%part))
        if (allocated(draw%seeds)) held%draw%seeds = c_loc(draw%seeds)
        if (allocated(draw%indices)) held%draw%indices = c_loc(draw%indices)
        if (allocated(draw%conditions)) then
            status = quell_conditions_for_c(draw%conditions, held%conditions)
            if (status /= QUELL_OK) return
            held%draw%condition_count = size(draw%conditions, kind=c_size_t)
            if (size(draw%conditions) > 0) &
                held%draw%conditions = c_loc(held%conditions%conditions)
        end if
        if (allocated(draw%negative_classes)) &
            held%draw%negative_classes = c_loc(draw%negative_classes)
        if (allocated(draw%negative_conditions)) then
            status = quell_conditions_for_c(draw%negative_conditions, held%negative_conditions)
            if (status /= QUELL_OK) return
            held%draw%negative_condition_count = size(draw%negative_conditions, kind=c_size_t)
            if (size(draw%negative_conditions) > 0) &
                held%draw%negative_conditions = c_loc(held%negative_conditions%conditions)
        end if
        if (allocated(draw%classes)) held%draw%classes = c_loc(draw%classes)
        held%progress => how%progress
        held%observe => how%observe
        held%parallel => how%parallel
        held%run = c_run(c_sizeof(held%run), how%threads, c_null_funptr, c_null_ptr, c_null_ptr, &
            how%tile, c_null_funptr, c_null_ptr, c_null_funptr, c_null_ptr)
        if (associated(how%parallel)) then
            held%run%parallel = c_funloc(parallel)
            held%run%host = c_loc(held)
        end if
        if (associated(how%progress)) then
            held%run%progress = c_funloc(progress)
            held%run%progress_user = c_loc(held)
        end if
        if (associated(how%observe)) then
            held%run%observe = c_funloc(observe)
            held%run%observe_user = c_loc(held)
        end if
        if (allocated(how%isa)) then
            held%isa = trim(how%isa) // c_null_char
            held%run%isa = c_loc(held%isa)
        end if
    end function

    recursive integer(c_int) function check(dim, draw, shape) result(status)
        integer(c_size_t), intent(in) :: dim
        type(quell_draw), intent(in) :: draw
        integer(c_size_t), intent(in) :: shape(2)
        integer(c_size_t) :: classes, negative, seeds, indices
        classes = shape(2)
        negative = shape(2)
        seeds = shape(2)
        indices = shape(2)
        if (allocated(draw%negative_classes)) &
            negative = size(draw%negative_classes, kind=c_size_t)
        if (allocated(draw%classes)) classes = size(draw%classes, kind=c_size_t)
        if (allocated(draw%seeds)) seeds = size(draw%seeds, kind=c_size_t)
        if (allocated(draw%indices)) indices = size(draw%indices, kind=c_size_t)
        status = QUELL_OK
        if (shape(1) /= dim) then
            status = QUELL_BAD_ARGUMENT
            call quell_error_set(int(status), &
                'run: the first extent of x is ' // quell_number(int(shape(1), c_int64_t)) // &
                ', must be ' // quell_number(int(dim, c_int64_t)) // ', the dim of the sampler')
        end if
        if (status == QUELL_OK) status = check_each('classes', classes, shape(2))
        if (status == QUELL_OK) status = check_each('negative classes', negative, shape(2))
        if (status == QUELL_OK) status = check_each('seeds', seeds, shape(2))
        if (status == QUELL_OK) status = check_each('indices', indices, shape(2))
    end function

    recursive integer(c_int) function check_each(what, given, count) result(status)
        character(*), intent(in) :: what
        integer(c_size_t), intent(in) :: given, count
        status = QUELL_OK
        if (given == count) return
        status = QUELL_BAD_ARGUMENT
        call quell_error_set(int(status), 'draw: the size of ' // what // ' is ' // &
            quell_number(int(given, c_int64_t)) // ', must be ' // &
            quell_number(int(count, c_int64_t)) // ', one for each sample')
    end function

    recursive integer(c_int) function check_counts(draw, run, count) result(status)
        type(quell_draw), intent(in) :: draw
        type(quell_run), intent(in) :: run
        integer(c_size_t), intent(in) :: count
        status = quell_check_count('draw: count', int(count, c_int64_t))
        if (status == QUELL_OK) status = quell_check_count('draw: first', draw%first)
        if (status == QUELL_OK .and. allocated(draw%indices)) then
            if (size(draw%indices) > 0) &
                status = quell_check_count('draw: indices', minval(draw%indices))
        end if
        if (status == QUELL_OK) status = quell_check_count('run: threads', &
            int(run%threads, c_int64_t))
        if (status == QUELL_OK) status = quell_check_count('run: tile', int(run%tile, c_int64_t))
        if (status == QUELL_OK .and. allocated(run%isa)) status = quell_check_text('run: isa', &
            run%isa)
    end function

    recursive integer(c_int) function parallel(host, workers, function, data) bind(c)
        type(c_ptr), value :: host, data
        integer(c_size_t), value :: workers
        type(c_funptr), value :: function
        type(quell_run_held), pointer :: held
        integer :: stat
        call c_f_pointer(host, held)
        stat = 0
        call held%parallel(workers, quell_body(function, data), stat)
        parallel = int(stat, c_int)
    end function

    recursive integer(c_int) function progress(user, at) bind(c)
        type(c_ptr), value :: user
        type(c_progress), intent(in) :: at
        type(quell_run_held), pointer :: held
        integer :: stat
        call c_f_pointer(user, held)
        stat = 0
        call held%progress(at%done, at%total, stat)
        progress = int(stat, c_int)
    end function

    recursive integer(c_int) function observe(user, transition, s, told, x) bind(c)
        type(c_ptr), value :: user, x
        integer(c_size_t), value :: transition
        type(quell_point), intent(in) :: s
        type(quell_call), intent(in) :: told
        type(quell_run_held), pointer :: held
        real(c_float), pointer, contiguous :: samples(:, :)
        integer :: stat
        call c_f_pointer(user, held)
        call c_f_pointer(x, samples, [told%dim, told%rows])
        stat = 0
        call held%observe(transition, s, told, samples, stat)
        observe = int(stat, c_int)
    end function
end module
