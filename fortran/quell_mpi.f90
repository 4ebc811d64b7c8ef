! SPDX-License-Identifier: MIT
! quell over MPI: the ranks of a communicator draw disjoint ranges of the samples of one seed.
! quell/mpi.h says what each procedure does. This module is for the handles of module mpi and of
! mpif.h, which are integers; quell_mpi_f08 has the same procedures for type(MPI_Comm) of mpi_f08.
!
! It is built as module quell is, and after it, with MPI's compiler wrapper, from the files that
! `pkg-config --variable=fortran_sources quell_mpi` names, or with CMake by quell::mpi_fortran.
!
! A collective procedure must be called by all ranks, and fails on all of them, with one status and
! one message. It also does so if an array has the wrong length on one rank only.
module quell_mpi
    use, intrinsic :: iso_c_binding
    use quell_base
    use quell_c, only: c_draw, c_run
    use quell_run_options
    use quell_samplers, only: quell_sampler, quell_sampler_dim
    implicit none
    private
    public :: quell_mpi_range, quell_mpi_threads, quell_mpi_sample, quell_mpi_save, &
        quell_mpi_save_rows, quell_mpi_rows_fn, quell_mpi_watch, quell_mpi_stopped, quell_mpi_agree

    ! Tells a rank whether another one has failed.
    type :: quell_mpi_watch
        private
        type(c_ptr) :: handle = c_null_ptr
    end type

    abstract interface
        ! Makes the next rows of a rank, x(dim, rows), when `done` of its rows are made. stat is
        ! QUELL_OK on entry; any other value is the status with which the collective call ends, with
        ! a message by quell_error_set.
        subroutine quell_mpi_rows_fn(watch, done, x, stat)
            import
            type(quell_mpi_watch), intent(in) :: watch
            integer(c_size_t), intent(in) :: done
            real(c_float), intent(out) :: x(:, :)
            integer, intent(inout) :: stat
        end subroutine
    end interface

    interface
        integer(c_int) function c_mpi_range(comm, count, skipped, rows) &
            bind(c, name='quell_mpi_range_f')
            import; integer, value :: comm; integer(c_int64_t), value :: count
            integer(c_int64_t) :: skipped; integer(c_size_t) :: rows
        end function
        integer(c_int) function c_mpi_threads(comm, threads) bind(c, name='quell_mpi_threads_f')
            import; integer, value :: comm; integer(c_size_t) :: threads
        end function
        integer(c_int) function c_mpi_sample(comm, sampler, draw, run, x) &
            bind(c, name='quell_mpi_sample_f')
            import; integer, value :: comm; type(c_ptr), value :: sampler
            type(c_draw) :: draw; type(c_run) :: run; real(c_float) :: x(*)
        end function
        integer(c_int) function c_mpi_save(comm, sampler, draw, run, path, rank, shape) &
            bind(c, name='quell_mpi_save_f')
            import; integer, value :: comm; type(c_ptr), value :: sampler
            type(c_draw) :: draw; type(c_run) :: run; character(kind=c_char) :: path(*)
            integer(c_size_t), value :: rank; integer(c_size_t), intent(in) :: shape(*)
        end function
        integer(c_int) function c_mpi_save_rows(comm, count, rank, shape, path, make, user) &
            bind(c, name='quell_mpi_save_rows_f')
            import; integer, value :: comm; integer(c_int64_t), value :: count
            integer(c_size_t), value :: rank; integer(c_size_t), intent(in) :: shape(*)
            character(kind=c_char) :: path(*)
            type(c_funptr), value :: make; type(c_ptr), value :: user
        end function
        integer(c_int) function c_mpi_stopped(watch) bind(c, name='quell_mpi_stopped')
            import; type(c_ptr), value :: watch
        end function
        integer(c_int) function c_mpi_agree(comm, status) bind(c, name='quell_mpi_agree_f')
            import; integer, value :: comm; integer(c_int), value :: status
        end function
    end interface

    interface quell_mpi_range
        module procedure range
    end interface
    interface quell_mpi_threads
        module procedure threads_of
    end interface
    interface quell_mpi_sample
        module procedure sample_range
    end interface
    interface quell_mpi_save
        module procedure save_samples
    end interface
    interface quell_mpi_save_rows
        module procedure save_rows
    end interface
    interface quell_mpi_agree
        module procedure agree
    end interface

    type :: maker
        integer(c_size_t) :: dim
        procedure(quell_mpi_rows_fn), pointer, nopass :: make
    end type

contains

    ! Which of `count` samples are this rank's: it has `rows` samples, after the first `skipped`.
    ! Not collective.
    recursive subroutine range(comm, count, skipped, rows, stat, errmsg)
        integer, intent(in) :: comm
        integer(c_int64_t), intent(in) :: count
        integer(c_int64_t), intent(out) :: skipped
        integer(c_size_t), intent(out) :: rows
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_int) :: status
        skipped = 0
        rows = 0
        status = quell_check_count('mpi: count', count)
        if (status == QUELL_OK) status = c_mpi_range(comm, count, skipped, rows)
        call quell_finish(status, stat, errmsg)
    end subroutine

    ! Collective: how many threads this rank's runs should have.
    recursive subroutine threads_of(comm, threads, stat, errmsg)
        integer, intent(in) :: comm
        integer(c_size_t), intent(out) :: threads
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        threads = 0
        call quell_finish(c_mpi_threads(comm, threads), stat, errmsg)
    end subroutine

    ! Collective: draws `count` samples from draw%first on, as quell_sample does. Each rank draws
    ! its own range into its x(dim, rows). draw%classes are those of its own samples.
    recursive subroutine sample_range(comm, sampler, draw, count, x, run, stat, errmsg)
        integer, intent(in) :: comm
        type(quell_sampler), intent(in) :: sampler
        type(quell_draw), intent(in), target :: draw
        integer(c_int64_t), intent(in) :: count
        real(c_float), intent(inout), contiguous :: x(:, :)
        type(quell_run), intent(in), optional :: run
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(quell_run_held), target :: held
        integer(c_int64_t) :: skipped
        integer(c_size_t) :: rows
        integer(c_int) :: status
        status = quell_run_for_c(sampler, draw, run, shape(x, kind=c_size_t), &
            int(count, c_size_t), held)
        if (status == QUELL_OK) status = c_mpi_range(comm, count, skipped, rows)
        if (status == QUELL_OK .and. rows /= size(x, 2)) then
            status = QUELL_BAD_ARGUMENT
            call quell_error_set(int(status), &
                'mpi: the second extent of x is ' // &
                quell_number(int(size(x, 2), c_int64_t)) // ', must be ' // &
                quell_number(int(rows, c_int64_t)) // ', the number of samples of this rank')
        end if
        status = c_mpi_agree(comm, status)
        if (status == QUELL_OK) &
            status = c_mpi_sample(comm, sampler%handle, held%draw, held%run, x)
        call quell_finish(status, stat, errmsg)
    end subroutine

    ! Collective: draws `count` samples in batches, and writes them to one .npy file, which is the
    ! same for any number of ranks. shape: the shape of one sample, in Fortran's order; (dim) if it
    ! is left out.
    recursive subroutine save_samples(comm, sampler, draw, count, path, shape, run, stat, errmsg)
        integer, intent(in) :: comm
        type(quell_sampler), intent(in) :: sampler
        type(quell_draw), intent(in), target :: draw
        integer(c_int64_t), intent(in) :: count
        character(*), intent(in) :: path
        integer(c_size_t), intent(in), optional :: shape(:)
        type(quell_run), intent(in), optional :: run
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(quell_run_held), target :: held
        integer(c_size_t), allocatable :: c_shape(:)
        integer(c_int64_t) :: skipped
        integer(c_size_t) :: rows
        integer(c_int) :: status
        allocate(c_shape(0))
        if (present(shape)) c_shape = shape(size(shape):1:-1)
        rows = 0
        status = quell_check_text('mpi: the path', path)
        if (status == QUELL_OK) status = quell_check_count('mpi: count', count)
        if (status == QUELL_OK) status = c_mpi_range(comm, count, skipped, rows)
        if (status == QUELL_OK) status = quell_run_for_c(sampler, draw, run, &
            [quell_sampler_dim(sampler), rows], int(count, c_size_t), held)
        status = c_mpi_agree(comm, status)
        if (status == QUELL_OK) status = c_mpi_save(comm, sampler%handle, held%draw, held%run, &
            trim(path) // c_null_char, size(c_shape, kind=c_size_t), c_shape)
        call quell_finish(status, stat, errmsg)
    end subroutine

    ! Collective: writes `count` samples that the caller makes to a file. `make` is called for the
    ! rows of the rank's own range in their order, a few megabytes at a time. It must write all of
    ! them, with finite values.
    recursive subroutine save_rows(comm, count, shape, path, make, stat, errmsg)
        integer, intent(in) :: comm
        integer(c_int64_t), intent(in) :: count
        integer(c_size_t), intent(in) :: shape(:)
        character(*), intent(in) :: path
        procedure(quell_mpi_rows_fn) :: make
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(maker), target :: own
        integer(c_int) :: status
        own%dim = product(shape)
        own%make => make
        status = quell_check_text('mpi: the path', path)
        if (status == QUELL_OK) status = quell_check_count('mpi: count', count)
        status = c_mpi_agree(comm, status)
        if (status == QUELL_OK) status = c_mpi_save_rows(comm, count, &
            size(shape, kind=c_size_t), shape(size(shape):1:-1), trim(path) // c_null_char, &
            c_funloc(make_rows), c_loc(own))
        call quell_finish(status, stat, errmsg)
    end subroutine

    recursive integer(c_int) function make_rows(user, watch, done, rows, x) bind(c)
        type(c_ptr), value :: user, watch, x
        integer(c_size_t), value :: done, rows
        type(maker), pointer :: own
        real(c_float), pointer, contiguous :: samples(:, :)
        integer :: stat
        call c_f_pointer(user, own)
        call c_f_pointer(x, samples, [own%dim, rows])
        stat = QUELL_OK
        call own%make(quell_mpi_watch(watch), done, samples, stat)
        make_rows = int(stat, c_int)
    end function

    ! Returns whether another rank has failed, so that no more rows are needed. Any thread may call
    ! this, but only calls by the thread that made the collective call receive news.
    recursive logical function quell_mpi_stopped(watch)
        type(quell_mpi_watch), intent(in) :: watch
        quell_mpi_stopped = c_mpi_stopped(watch%handle) /= 0
    end function

    ! Collective: stat is this rank's status on entry. On return it is that of the lowest rank that
    ! failed, and errmsg is that rank's message; it is QUELL_OK if none failed.
    recursive subroutine agree(comm, stat, errmsg)
        integer, intent(in) :: comm
        integer, intent(inout) :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_int) :: status
        status = c_mpi_agree(comm, int(stat, c_int))
        call quell_finish(status, stat, errmsg)
    end subroutine
end module
