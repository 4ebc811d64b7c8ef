! SPDX-License-Identifier: MIT
! An ensemble over the ranks of MPI: each draws its part of one stream into its own memory, and all
! together write ensemble.npy. What is printed, and the file, are the same for any number of ranks.
program ensemble
    use mpi_f08
    use quell
    use quell_mpi_f08
    use, intrinsic :: iso_fortran_env, only: error_unit, int64, real32, real64
    implicit none
    integer(int64), parameter :: members = 100000 ! of all ranks together
    integer(int64) :: skipped, rows, right, all_right
    integer :: level, rank, stat
    character(200) :: errmsg
    real(real32), allocatable :: x(:, :)
    type(quell_sampler) :: sampler
    type(quell_draw) :: draw

    call MPI_Init_thread(MPI_THREAD_FUNNELED, level)
    call MPI_Comm_rank(MPI_COMM_WORLD, rank)
    call make_sampler()
    call quell_mpi_agree(MPI_COMM_WORLD, stat, errmsg)
    draw%seed = 7
    right = 0
    if (stat == QUELL_OK) then
        call quell_mpi_range(MPI_COMM_WORLD, members, skipped, rows)
        allocate(x(2, rows))
        call quell_mpi_sample(MPI_COMM_WORLD, sampler, draw, members, x, stat=stat, &
            errmsg=errmsg)
        right = count(x(1, :) > 0)
    end if
    if (stat == QUELL_OK) &
        call quell_mpi_save(MPI_COMM_WORLD, sampler, draw, members, 'ensemble.npy', stat=stat, &
            errmsg=errmsg)
    call MPI_Reduce(right, all_right, 1, MPI_INTEGER8, MPI_SUM, 0, MPI_COMM_WORLD)
    if (rank == 0 .and. stat /= QUELL_OK) write(error_unit, '(a)') trim(errmsg)
    if (rank == 0 .and. stat == QUELL_OK) &
        print '(i0, a, i0, a)', all_right, ' of ', members, ' members are on the right'
    call quell_sampler_free(sampler)
    call MPI_Finalize()
    if (stat /= QUELL_OK) error stop 1

contains

    subroutine make_sampler()
        type(quell_denoiser) :: denoiser
        type(quell_schedule) :: schedule
        call quell_denoiser_from_mixture(denoiser, weights=[1._real64, 3._real64], &
            means=reshape([-2._real64, 0._real64, 2._real64, 1._real64], [2, 2]), &
            variances=[0.1_real64, 0.2_real64], stat=stat)
        if (stat == QUELL_OK) call quell_schedule_create(schedule, 'vp', stat)
        if (stat == QUELL_OK) &
            call quell_sampler_create(sampler, 'ddim:eta=0.5', denoiser, schedule, stat=stat)
        call quell_schedule_free(schedule)
        call quell_denoiser_free(denoiser)
    end subroutine
end program
