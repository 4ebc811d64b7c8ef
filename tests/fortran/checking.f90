! SPDX-License-Identifier: MIT
module checking
    use, intrinsic :: iso_fortran_env, only: error_unit
    implicit none
    private
    public :: check, failures

    integer :: failures = 0

contains

    subroutine check(good, what)
        logical, intent(in) :: good
        character(*), intent(in) :: what
        if (good) return
        failures = failures + 1
        write(error_unit, '(2a)') 'failed: ', what
    end subroutine
end module
