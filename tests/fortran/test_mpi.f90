! SPDX-License-Identifier: MIT
! The Fortran modules over MPI, on some ranks; the two arguments are names for files.
module making
    use quell
    use quell_mpi_f08
    use, intrinsic :: iso_c_binding
    implicit none

    real(c_float), allocatable :: made(:, :)
    integer :: rank

contains

    subroutine make(watch, done, x, stat)
        type(quell_mpi_watch), intent(in) :: watch
        integer(c_size_t), intent(in) :: done
        real(c_float), intent(out) :: x(:, :)
        integer, intent(inout) :: stat
        x = made(:, done + 1:done + size(x, 2))
        if (quell_mpi_stopped(watch)) stat = QUELL_STOPPED
    end subroutine

    ! Rank 1 fails; the others learn of it.
    subroutine fail(watch, done, x, stat)
        type(quell_mpi_watch), intent(in) :: watch
        integer(c_size_t), intent(in) :: done
        real(c_float), intent(out) :: x(:, :)
        integer, intent(inout) :: stat
        x = real(done, c_float)
        if (rank == 1) then
            call quell_error_set(QUELL_IO_FAILED, 'the tape is torn')
            stat = QUELL_IO_FAILED
        else
            do while (.not. quell_mpi_stopped(watch))
            end do
            stat = QUELL_STOPPED
        end if
    end subroutine
end module

program test_mpi
    use quell
    use quell_mpi_f08
    use checking
    use making
    use mpi_f08
    use, intrinsic :: iso_c_binding
    implicit none
    integer(c_int64_t), parameter :: count = 100
    type(quell_denoiser) :: denoiser
    type(quell_schedule) :: schedule
    type(quell_sampler) :: sampler
    type(quell_draw) :: draw
    type(quell_run) :: run
    integer(c_int64_t) :: skipped
    integer(c_size_t) :: rows, threads
    integer :: ranks, level, stat
    character(200) :: errmsg, drawn, saved
    real(c_float), allocatable :: x(:, :)

    call MPI_Init_thread(MPI_THREAD_FUNNELED, level)
    call MPI_Comm_rank(MPI_COMM_WORLD, rank)
    call MPI_Comm_size(MPI_COMM_WORLD, ranks)
    call get_command_argument(1, drawn)
    call get_command_argument(2, saved)
    errmsg = ''
    call quell_denoiser_from_mixture(denoiser, [1d0, 3d0], &
        reshape([-2d0, 0d0, 1d0, 3d0, 2d0, 1d0, 1d0, 3d0], [4, 2]), [0.1d0, 0.2d0])
    call quell_schedule_create(schedule, 'vp')
    call quell_sampler_create(sampler, 'ddpm', denoiser, schedule)
    draw%seed = 7
    draw%first = 1000

    call check_draw()
    call check_save()
    call check_refused()
    call check_empty()
    call check_failures()
    call quell_sampler_free(sampler)
    call quell_schedule_free(schedule)
    call quell_denoiser_free(denoiser)
    if (failures > 0) call MPI_Abort(MPI_COMM_WORLD, 1)
    call MPI_Finalize()

contains

    subroutine check_draw()
        type(quell_draw) :: alone
        call quell_mpi_range(MPI_COMM_WORLD, count, skipped, rows)
        call check(abs(rows - 100._c_double / ranks) < 1, 'a range')
        call quell_mpi_threads(MPI_COMM_WORLD, threads)
        call check(threads >= 1, 'threads')
        allocate(x(4, rows), made(4, rows))
        call quell_mpi_sample(MPI_COMM_WORLD, sampler, draw, count, x)
        alone = draw
        alone%first = draw%first + skipped
        call quell_sample(sampler, alone, made)
        call check(all(x == made), 'the bits of a rank')
        ! By the handles of module mpi.
        x = 0
        call quell_mpi_range(MPI_COMM_WORLD%MPI_VAL, count, skipped, rows)
        call quell_mpi_threads(MPI_COMM_WORLD%MPI_VAL, run%threads)
        call quell_mpi_sample(MPI_COMM_WORLD%MPI_VAL, sampler, draw, count, x, run)
        call check(run%threads == threads .and. all(x == made), 'by integers')
    end subroutine

    subroutine check_save()
        call quell_mpi_save(MPI_COMM_WORLD, sampler, draw, count, drawn, [4_c_size_t, 1_c_size_t])
        call quell_mpi_save_rows(MPI_COMM_WORLD, count, [4_c_size_t, 1_c_size_t], saved, make)
        if (rank == 0) call check(content(drawn) == content(saved), 'two files')
        if (rank == 0) call check(index(content(drawn), '(100, 1, 4)') > 0, 'a shape')
        call MPI_Barrier(MPI_COMM_WORLD)
        call quell_mpi_save(MPI_COMM_WORLD, sampler, draw, count, drawn)
        if (rank == 0) call check(index(content(drawn), '(100, 4)') > 0, 'the shape left out')
        call quell_mpi_save(MPI_COMM_WORLD, sampler, draw, count, drawn, [3_c_size_t, 1_c_size_t], &
            stat=stat, errmsg=errmsg)
        call check(stat == QUELL_BAD_ARGUMENT .and. index(errmsg, 'shape') > 0, 'another shape')
        call quell_mpi_save_rows(MPI_COMM_WORLD, count, [5_c_size_t], saved, fail, stat, errmsg)
        call check(stat == QUELL_IO_FAILED .and. index(errmsg, 'the tape is torn') > 0, &
            'rows that fail: ' // errmsg)
    end subroutine

    ! On one rank, and so on all.
    subroutine check_refused()
        integer(c_int64_t), parameter :: negative = -1
        integer(c_int64_t) :: before
        integer(c_size_t) :: here
        call quell_mpi_range(MPI_COMM_WORLD, negative, before, here, stat, errmsg)
        call check(stat == QUELL_BAD_ARGUMENT .and. index(errmsg, 'count is -1') > 0, 'range')
        call quell_mpi_sample(MPI_COMM_WORLD, sampler, draw, negative, x, stat=stat, errmsg=errmsg)
        call check(stat == QUELL_BAD_ARGUMENT .and. index(errmsg, 'count is -1') > 0, 'draw')
        call quell_mpi_save(MPI_COMM_WORLD, sampler, draw, negative, drawn, stat=stat, &
            errmsg=errmsg)
        call check(stat == QUELL_BAD_ARGUMENT .and. index(errmsg, 'count is -1') > 0, 'save')
        call quell_mpi_save_rows(MPI_COMM_WORLD, negative, [4_c_size_t], saved, make, stat, errmsg)
        call check(stat == QUELL_BAD_ARGUMENT .and. index(errmsg, 'count is -1') > 0, 'rows')
        call quell_mpi_save(MPI_COMM_WORLD, sampler, draw, count, 'a' // c_null_char // 'b', &
            stat=stat, errmsg=errmsg)
        call check(stat == QUELL_BAD_ARGUMENT .and. index(errmsg, 'NUL') > 0, 'a path')
        call quell_mpi_save_rows(MPI_COMM_WORLD, count, [4_c_size_t], 'a' // c_null_char // 'b', &
            make, stat, errmsg)
        call check(stat == QUELL_BAD_ARGUMENT .and. index(errmsg, 'NUL') > 0, 'a path of rows')
    end subroutine

    ! No samples at all, and one, which most ranks have nothing of.
    subroutine check_empty()
        integer(c_int64_t) :: few, before
        integer(c_size_t) :: here
        real(c_float), allocatable :: own(:, :)
        do few = 0, 1
            call quell_mpi_range(MPI_COMM_WORLD, few, before, here)
            allocate(own(4, here))
            call quell_mpi_sample(MPI_COMM_WORLD, sampler, draw, few, own)
            call quell_mpi_save(MPI_COMM_WORLD, sampler, draw, few, drawn)
            call quell_mpi_save_rows(MPI_COMM_WORLD, few, [4_c_size_t], saved, make)
            if (rank == 0) call check(index(content(drawn), merge('(0, 4)', '(1, 4)', few == 0)) &
                > 0, 'a shape of few')
            deallocate(own)
            call MPI_Barrier(MPI_COMM_WORLD)
        end do
    end subroutine

    subroutine check_failures()
        real(c_float) :: more(4, rows + merge(1, 0, rank == 1))
        type(quell_sampler) :: none
        call quell_mpi_sample(MPI_COMM_WORLD, sampler, draw, count, more, stat=stat, &
            errmsg=errmsg)
        call check(stat == QUELL_BAD_ARGUMENT .and. index(errmsg, 'rank 1: mpi: the second') == 1, &
            'lengths: ' // errmsg)
        if (rank == 0) none = sampler
        call quell_mpi_save(MPI_COMM_WORLD, none, draw, count, drawn, stat=stat, errmsg=errmsg)
        call check(stat == QUELL_BAD_ARGUMENT .and. index(errmsg, 'no sampler') > 0, &
            'no sampler: ' // errmsg)
        stat = merge(QUELL_NOT_FOUND, QUELL_OK, rank == 1)
        if (rank == 1) call quell_error_set(QUELL_NOT_FOUND, 'it is not there')
        call quell_mpi_agree(MPI_COMM_WORLD, stat, errmsg)
        call check(stat == QUELL_NOT_FOUND .and. errmsg == 'rank 1: it is not there', 'a status')
        stat = QUELL_OK
        call quell_mpi_agree(MPI_COMM_WORLD%MPI_VAL, stat)
        call check(stat == QUELL_OK, 'no failure')
    end subroutine

    function content(path)
        character(*), intent(in) :: path
        character(:), allocatable :: content
        integer :: unit, size
        open(newunit=unit, file=path, access='stream', form='unformatted', status='old')
        inquire(unit, size=size)
        allocate(character(size) :: content)
        read(unit) content
        close(unit)
    end function
end program
