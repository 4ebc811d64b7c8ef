! SPDX-License-Identifier: MIT
! A loop on OpenMP's threads. Compiled alone: with OpenMP gfortran checks no recursion.
subroutine in_openmp(n, run)
    use, intrinsic :: iso_c_binding, only: c_size_t
    implicit none
    integer(c_size_t), intent(in) :: n
    interface
        subroutine run(i)
            import
            integer(c_size_t), intent(in) :: i
        end subroutine
    end interface
    integer(c_size_t) :: i
    !$omp parallel do schedule(static, 1) num_threads(int(n))
    do i = 0, n - 1
        call run(i)
    end do
    !$omp end parallel do
end subroutine
