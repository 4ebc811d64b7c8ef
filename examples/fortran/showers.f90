! SPDX-License-Identifier: MIT
! Showers of electrons in a calorimeter: events whose energies are all different.
program showers
    use quell
    use, intrinsic :: iso_fortran_env, only: real32, real64
    implicit none
    integer, parameter :: events = 1000
    real(real32) :: energy(events), x(6, events), readings(6, events)
    type(quell_model) :: model
    type(quell_schedule) :: schedule
    type(quell_sampler) :: sampler
    type(quell_sampler_options) :: options
    type(quell_draw) :: draw
    type(quell_condition) :: condition
    integer :: i

    energy = [(20 + 0.06_real32 * i, i = 1, events)] ! GeV
    condition%name = 'energy'
    condition%values = reshape(energy, [1, events])
    draw%conditions = [condition]
    options%steps = 24
    call quell_model_load(model, 'builtin:showers')
    call quell_schedule_create(schedule, model%schedule)
    call quell_sampler_create(sampler, 'dpmpp_2m', model%denoiser, schedule, options)
    call quell_sample(sampler, draw, x)
    call quell_model_decode(model, draw, x, readings)
    do i = 250, events, 250
        print '(f6.2, a, 6(1x, f7.4))', energy(i), ' GeV:', readings(:, i)
    end do
    print '(a, f6.4)', 'sum of readings / energy: ', &
        sum(sum(real(readings, real64), dim=1) / energy) / events
    call quell_sampler_free(sampler)
    call quell_schedule_free(schedule)
    call quell_model_free(model)
end program
