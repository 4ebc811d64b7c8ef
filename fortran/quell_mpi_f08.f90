! SPDX-License-Identifier: MIT
! quell over MPI for the handles of mpi_f08: the procedures of module quell_mpi by the same names,
! for type(MPI_Comm).
module quell_mpi_f08
    use, intrinsic :: iso_c_binding
    use mpi_f08, only: MPI_Comm
    use quell_mpi
    use quell_run_options, only: quell_draw, quell_run
    use quell_samplers, only: quell_sampler
    implicit none
    private
    public :: quell_mpi_range, quell_mpi_threads, quell_mpi_sample, quell_mpi_save, &
        quell_mpi_save_rows, quell_mpi_rows_fn, quell_mpi_watch, quell_mpi_stopped, quell_mpi_agree

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

contains

    recursive subroutine range(comm, count, skipped, rows, stat, errmsg)
        type(MPI_Comm), intent(in) :: comm
        integer(c_int64_t), intent(in) :: count
        integer(c_int64_t), intent(out) :: skipped
        integer(c_size_t), intent(out) :: rows
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        call quell_mpi_range(comm%MPI_VAL, count, skipped, rows, stat, errmsg)
    end subroutine

    recursive subroutine threads_of(comm, threads, stat, errmsg)
        type(MPI_Comm), intent(in) :: comm
        integer(c_size_t), intent(out) :: threads
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        call quell_mpi_threads(comm%MPI_VAL, threads, stat, errmsg)
    end subroutine

    recursive subroutine sample_range(comm, sampler, draw, count, x, run, stat, errmsg)
        type(MPI_Comm), intent(in) :: comm
        type(quell_sampler), intent(in) :: sampler
        type(quell_draw), intent(in) :: draw
        integer(c_int64_t), intent(in) :: count
        real(c_float), intent(inout), contiguous :: x(:, :)
        type(quell_run), intent(in), optional :: run
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        call quell_mpi_sample(comm%MPI_VAL, sampler, draw, count, x, run, stat, errmsg)
    end subroutine

    recursive subroutine save_samples(comm, sampler, draw, count, path, shape, run, stat, errmsg)
        type(MPI_Comm), intent(in) :: comm
        type(quell_sampler), intent(in) :: sampler
        type(quell_draw), intent(in) :: draw
        integer(c_int64_t), intent(in) :: count
        character(*), intent(in) :: path
        integer(c_size_t), intent(in), optional :: shape(:)
        type(quell_run), intent(in), optional :: run
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        call quell_mpi_save(comm%MPI_VAL, sampler, draw, count, path, shape, run, stat, &
            errmsg)
    end subroutine

    recursive subroutine save_rows(comm, count, shape, path, make, stat, errmsg)
        type(MPI_Comm), intent(in) :: comm
        integer(c_int64_t), intent(in) :: count
        integer(c_size_t), intent(in) :: shape(:)
        character(*), intent(in) :: path
        procedure(quell_mpi_rows_fn) :: make
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        call quell_mpi_save_rows(comm%MPI_VAL, count, shape, path, make, stat, errmsg)
    end subroutine

    recursive subroutine agree(comm, stat, errmsg)
        type(MPI_Comm), intent(in) :: comm
        integer, intent(inout) :: stat
        character(*), intent(inout), optional :: errmsg
        call quell_mpi_agree(comm%MPI_VAL, stat, errmsg)
    end subroutine
end module
