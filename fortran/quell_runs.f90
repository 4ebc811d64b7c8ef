! SPDX-License-Identifier: MIT
! Runs. What they mean is said in quell/sampler.h; x(dim, count) is used in place.
module quell_runs
    use, intrinsic :: iso_c_binding
    use quell_base
    use quell_c, only: quell_point, quell_report, c_progress, c_run, c_init, c_forward, c_step, &
        c_denoise, c_noise, c_sampler_dim
    use quell_samplers, only: quell_sampler
    implicit none
    private
    public :: quell_run, quell_progress_fn, quell_observe_fn, quell_init, quell_forward, &
        quell_step, quell_denoise, quell_noise, quell_stream, QUELL_STREAM_INIT

    ! The stream of the initial noise.
    integer(c_int32_t), parameter :: QUELL_STREAM_INIT = 0

    abstract interface
        ! Called some 20 times a second, with the transitions done out of `total` over all samples.
        ! stat is 0: > 0 to stop the run, < 0 for an error.
        subroutine quell_progress_fn(done, total, stat)
            import
            integer(c_int64_t), intent(in) :: done, total
            integer, intent(inout) :: stat
        end subroutine

        ! Sees every tile after every transition, from 0 on: x(dim, rows) at the point s, the
        ! samples from `first` on. Called from many threads.
        subroutine quell_observe_fn(transition, s, first, x, stat)
            import
            integer(c_size_t), intent(in) :: transition
            type(quell_point), intent(in) :: s
            integer(c_int64_t), intent(in) :: first
            real(c_float), intent(in) :: x(:, :)
            integer, intent(inout) :: stat
        end subroutine
    end interface

    ! What a run is told: samples first, first + 1, ... of the stream `seed`, as many as x has
    ! columns. threads: at most so many, 0: what OpenMP allows, 1 inside a parallel region. isa:
    ! instruction set by name. transition: for quell_step, its number from 0 on. classes: one for
    ! each sample, from 0 on, -1 for none.
    type :: quell_run
        integer(c_int64_t) :: seed = 0, first = 0
        integer(c_size_t) :: transition = 0, threads = 0, tile = 0
        character(:), allocatable :: isa
        integer(c_int32_t), allocatable :: classes(:)
        procedure(quell_progress_fn), pointer, nopass :: progress => null()
        procedure(quell_observe_fn), pointer, nopass :: observe => null()
    end type

    ! What C hands back to the functions that it calls.
    type :: watchers
        integer(c_size_t) :: dim
        procedure(quell_progress_fn), pointer, nopass :: progress => null()
        procedure(quell_observe_fn), pointer, nopass :: observe => null()
    end type

contains

    ! Draws x_1.
    recursive subroutine quell_init(sampler, run, x, stat, errmsg)
        type(quell_sampler), intent(in) :: sampler
        type(quell_run), intent(in), target :: run
        real(c_float), intent(inout), contiguous :: x(:, :)
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(c_run) :: c
        type(watchers), target :: watch
        character(:), allocatable, target :: isa
        if (.not. translated(sampler, run, shape(x, kind=c_size_t), c, watch, isa, stat, errmsg)) &
            return
        call quell_finish(c_init(sampler%handle, c, x), stat, errmsg)
    end subroutine

    ! Takes x from x_1 to x_0 in place. On failure x holds a mixture of finished and unfinished
    ! samples, and report says where it was.
    recursive subroutine quell_forward(sampler, run, x, stat, errmsg, report)
        type(quell_sampler), intent(in) :: sampler
        type(quell_run), intent(in), target :: run
        real(c_float), intent(inout), contiguous :: x(:, :)
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(quell_report), intent(out), optional, target :: report
        type(c_run) :: c
        type(watchers), target :: watch
        character(:), allocatable, target :: isa
        if (.not. translated(sampler, run, shape(x, kind=c_size_t), c, watch, isa, stat, errmsg)) &
            return
        if (present(report)) c%report = c_loc(report)
        call quell_finish(c_forward(sampler%handle, c, x), stat, errmsg)
    end subroutine

    ! One transition: takes x from x_t to x_s in place, 1 >= t >= s >= 0.
    recursive subroutine quell_step(sampler, run, t, s, x, stat, errmsg)
        type(quell_sampler), intent(in) :: sampler
        type(quell_run), intent(in), target :: run
        real(c_double), intent(in) :: t, s
        real(c_float), intent(inout), contiguous :: x(:, :)
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(c_run) :: c
        type(watchers), target :: watch
        character(:), allocatable, target :: isa
        if (.not. translated(sampler, run, shape(x, kind=c_size_t), c, watch, isa, stat, errmsg)) &
            return
        call quell_finish(c_step(sampler%handle, c, t, s, x), stat, errmsg)
    end subroutine

    ! mean = E[X | x_t = x], another array of the shape of x.
    recursive subroutine quell_denoise(sampler, run, t, x, mean, stat, errmsg)
        type(quell_sampler), intent(in) :: sampler
        type(quell_run), intent(in), target :: run
        real(c_double), intent(in) :: t
        real(c_float), intent(in), contiguous :: x(:, :)
        real(c_float), intent(inout), contiguous :: mean(:, :)
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(c_run) :: c
        type(watchers), target :: watch
        character(:), allocatable, target :: isa
        if (any(shape(x) /= shape(mean))) then
            call quell_refuse('denoise: x and mean differ in shape', stat, errmsg)
            return
        end if
        if (.not. translated(sampler, run, shape(x, kind=c_size_t), c, watch, isa, stat, errmsg)) &
            return
        call quell_finish(c_denoise(sampler%handle, c, t, x, mean), stat, errmsg)
    end subroutine

    ! The run for C, which points to the run given, to `watch` and to `isa`; .false. if it cannot
    ! be.
    recursive logical function translated(sampler, run, shape, c, watch, isa, stat, errmsg)
        type(quell_sampler), intent(in) :: sampler
        type(quell_run), intent(in), target :: run
        integer(c_size_t), intent(in) :: shape(2)
        type(c_run), intent(out) :: c
        type(watchers), intent(inout), target :: watch
        character(:), allocatable, target, intent(out) :: isa
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        translated = .false.
        if (.not. c_associated(sampler%handle)) then
            call quell_refuse('run: there is no sampler', stat, errmsg)
        else if (shape(1) /= c_sampler_dim(sampler%handle)) then
            call quell_refuse('run: the first extent of x is not the dim of the sampler', stat, &
                errmsg)
        else if (allocated(run%classes)) then
            translated = size(run%classes, kind=c_size_t) == shape(2)
            if (.not. translated) call quell_refuse('run: as many classes as samples', stat, errmsg)
        else
            translated = .true.
        end if
        if (.not. translated) return
        watch = watchers(shape(1), run%progress, run%observe)
        c = c_run(c_sizeof(c), run%seed, run%first, shape(2), run%transition, run%threads, &
            c_null_funptr, c_null_ptr, c_null_ptr, run%tile, c_null_funptr, c_loc(watch), &
            c_null_funptr, c_loc(watch), c_null_ptr, c_null_ptr, c_null_ptr)
        if (associated(run%progress)) c%progress = c_funloc(progress)
        if (associated(run%observe)) c%observe = c_funloc(observe)
        if (allocated(run%classes)) c%classes = c_loc(run%classes)
        if (allocated(run%isa)) then
            isa = trim(run%isa) // c_null_char
            c%isa = c_loc(isa)
        end if
    end function

    recursive integer(c_int) function progress(user, at) bind(c)
        type(c_ptr), value :: user
        type(c_progress), intent(in) :: at
        type(watchers), pointer :: watch
        integer :: stat
        call c_f_pointer(user, watch)
        stat = 0
        call watch%progress(at%done, at%total, stat)
        progress = int(stat, c_int)
    end function

    recursive integer(c_int) function observe(user, transition, s, first, rows, x) bind(c)
        type(c_ptr), value :: user, x
        integer(c_size_t), value :: transition, rows
        type(quell_point), intent(in) :: s
        integer(c_int64_t), value :: first
        type(watchers), pointer :: watch
        real(c_float), pointer, contiguous :: samples(:, :)
        integer :: stat
        call c_f_pointer(user, watch)
        call c_f_pointer(x, samples, [watch%dim, rows])
        stat = 0
        call watch%observe(transition, s, first, samples, stat)
        observe = int(stat, c_int)
    end function

    ! Elements element, element + 1, ... (from 0 on) of the noise of a sample in a stream, which is
    ! QUELL_STREAM_INIT or quell_stream(i, k).
    recursive subroutine quell_noise(seed, stream, sample, element, noise, stat, errmsg)
        integer(c_int64_t), intent(in) :: seed, sample, element
        integer(c_int32_t), intent(in) :: stream
        real(c_float), intent(inout), contiguous :: noise(:)
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        call quell_finish(c_noise(seed, stream, sample, element, size(noise, kind=c_size_t), &
            noise), stat, errmsg)
    end subroutine

    ! The stream of slot k, from 0 to 7, of transition i, from 0 on.
    elemental integer(c_int32_t) function quell_stream(i, k)
        integer, intent(in) :: i, k
        quell_stream = int(1 + 8 * i + k, c_int32_t)
    end function
end module
