! SPDX-License-Identifier: MIT
! Without stat a failure ends the program, and says why.
program stop
    use quell
    type(quell_schedule) :: schedule
    call quell_schedule_create(schedule, 'nonsense')
    print '(a)', 'it went on'
end program
